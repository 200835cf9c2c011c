/**
 * A change as the check of a file's new content, for `validate`: where it fails the file stays as it was, and both cost
 * one request. `what` names the change in the error; words of the script may be bare or in single quotes.
 */
export function changeAsCheck(what: string, script: string): string {
  // Only this %s is the new file's path; one in the script itself must reach the shell.
  return `# ${what.replaceAll(/[\n%]/g, '?')}\n: %s\n${script.replaceAll('%s', `%''s`)}`
}
