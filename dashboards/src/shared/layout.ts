import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DashboardBuilder,
  type GridPos,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** Grafana's grid: 24 columns; one unit of height is 30 px and a gap of 8 px. */
const COLUMNS = 24;

interface PanelBuilder extends Builder<Panel> {
  id(id: number): this;
  gridPos(position: GridPos): this;
}

/** A panel with its id and height. Ids are given, not counted: alert rules and links name them. */
export interface Cell {
  id: number;
  height: number;
  panel: PanelBuilder;
}
/** Cells one above the other. */
export interface Column {
  width: number;
  cells: Cell[];
}
/** A row's title, or columns beside each other. */
export type Section = { row: string; id: number } | { columns: Column[] };

export const cell = (id: number, height: number, panel: PanelBuilder): Cell => ({ id, height, panel });
export const column = (width: number, ...cells: Cell[]): Column => ({ width, cells });
export const band = (...columns: Column[]): Section => ({ columns });
export const row = (id: number, title: string): Section => ({ row: title, id });

/** Puts the sections below each other. Columns that do not fill the grid's width are an error: gaps look like mistakes. */
export function layout(dashboard: DashboardBuilder, sections: readonly Section[]): DashboardBuilder {
  let y = 0;
  for (const section of sections) {
    if ('row' in section) {
      dashboard.withRow(
        new RowBuilder(section.row).id(section.id).collapsed(false).gridPos({ x: 0, y, w: COLUMNS, h: 1 }),
      );
      y += 1;
      continue;
    }
    let x = 0;
    let tallest = 0;
    for (const { width, cells } of section.columns) {
      let top = y;
      for (const { id, height, panel } of cells) {
        dashboard.withPanel(panel.id(id).gridPos({ x, y: top, w: width, h: height }));
        top += height;
      }
      x += width;
      tallest = Math.max(tallest, top - y);
    }
    if (x !== COLUMNS) throw new Error(`a band is ${x} columns wide, not ${COLUMNS}`);
    y += tallest;
  }
  return dashboard;
}
