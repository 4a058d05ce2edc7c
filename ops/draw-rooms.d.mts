/** The picture as Markdown with a Mermaid graph. */
export function pictureOf(table: Readonly<Record<string, readonly string[]>>): string;
