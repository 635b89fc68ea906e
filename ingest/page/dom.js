/** An element with text or children; nothing is ever parsed as HTML. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Writes text only where it differs, so that a selection or a screen reader is not disturbed each second. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
