import type { DefaultTreeAdapterMap } from 'parse5';

type ParentNode = DefaultTreeAdapterMap['parentNode'];
type Element = DefaultTreeAdapterMap['element'];

const MAX_SPAN = 1000;

/**
 * Two cells of a table may claim the same place, one from above and one from the left, and browsers then paint one over the other:
 * a way to lay the note of one link over that of another. The cell from the left is cut off there (HTML, "forming a table").
 * @param group of rows, after what no mail may hold was taken out of it
 */
export function separateCells(group: ParentNode): void {
  const takenUntil: number[] = []; // by column: the row from which on it is free again
  const rows = group.childNodes.filter((row): row is Element => row.nodeName === 'tr');
  for (const [row, { childNodes }] of rows.entries()) {
    const isFree = (column: number): boolean => (takenUntil[column] ?? 0) <= row;
    let column = 0;
    for (const cell of childNodes) {
      if (cell.nodeName !== 'td' && cell.nodeName !== 'th') continue;
      while (!isFree(column)) column++;
      const wanted = span(cell as Element, 'colspan');
      let width = 1;
      while (width < wanted && isFree(column + width)) width++;
      if (width < wanted) setSpan(cell as Element, width);
      const until = row + span(cell as Element, 'rowspan');
      for (const end = column + width; column < end; column++) takenUntil[column] = until;
    }
  }
}

/** A rowspan of 0 reaches to the end of its group. */
function span(cell: Element, name: 'colspan' | 'rowspan'): number {
  const given = Number(cell.attrs.find((attribute) => attribute.name === name)?.value ?? 1);
  if (name === 'rowspan' && given === 0) return Number.MAX_SAFE_INTEGER;
  return Math.min(Math.max(1, Math.trunc(given) || 1), MAX_SPAN);
}

function setSpan(cell: Element, columns: number): void {
  for (const attribute of cell.attrs) if (attribute.name === 'colspan') attribute.value = String(columns);
}
