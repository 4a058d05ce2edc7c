/**
 * As one word of a command that is printed to be copied into a shell: as it stands where that is plain, else in single quotes (POSIX
 * Shell Command Language, 2.2.2).
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
