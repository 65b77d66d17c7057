/** A word that a shell takes as it is: POSIX shells, PowerShell and cmd agree on double quotes for plain words. */
export function quoted(word: string): string {
  return /^[\w./:\\@%+=-]+$/.test(word) ? word : process.platform === "win32"
    ? `"${word.replace(/"/g, '\\"')}"`
    : `'${word.replace(/'/g, `'\\''`)}'`;
}
