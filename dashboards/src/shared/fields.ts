const CAPITALS = new Set(['oi', 'iv', 'ltp', 'vwap']);

/**
 * The name under which the Tickscope data source shows a field: `call_oi_change` is "Call OI change". Transformations
 * know a field only by it; overrides take the field's own name as well.
 */
export function shown(field: string): string {
  const text = field
    .replace(/_percent$/, ' %')
    .split('_')
    .map((word) => (CAPITALS.has(word) ? word.toUpperCase() : word))
    .join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A transformation that leaves only these fields. */
export const only = (...fields: string[]) => ({
  id: 'filterFieldsByName',
  options: { include: { names: fields.map(shown) } },
});

/** A transformation that sorts the rows. */
export const sorted = (field: string, descending: boolean) => ({
  id: 'sortBy',
  options: { fields: {}, sort: [{ field: shown(field), desc: descending }] },
});

/** A transformation that makes a number a name: the strikes of a bar chart are categories, not a series. */
export const asText = (field: string) => ({
  id: 'convertFieldType',
  options: { fields: {}, conversions: [{ targetField: shown(field), destinationType: 'string' }] },
});

/** A transformation that drops the rows where the field is this. */
export const without = (field: string, value: number) => ({
  id: 'filterByValue',
  options: {
    filters: [{ fieldName: shown(field), config: { id: 'equal', options: { value } } }],
    type: 'exclude',
    match: 'any',
  },
});
