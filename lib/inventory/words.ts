import { Advice } from '../model/operation.ts'

/**
 * The words of a line as a POSIX shell splits it, quotes and backslashes taken away. With `comments`, # ends the
 * line. @throws on an open quote, a last backslash, or a # inside a word
 */
export function words(line: string, { comments = false } = {}): string[] {
  const found: string[] = []
  let word: string | undefined
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!
    if (/\s/.test(c)) {
      if (word !== undefined) found.push(word)
      word = undefined
    } else if (c === '#' && comments) {
      // Ansible takes it for a comment: half a password is worse than an error.
      if (word !== undefined)
        throw new Advice(
          `a # inside the word that begins with ${word.split('=', 1)[0]}`,
          'put quotes around the value, or a blank before a comment',
        )
      break
    } else if (c === "'" || c === '"') {
      let inside = ''
      for (i++; line[i] !== c; i++) {
        if (i >= line.length)
          throw new Advice(
            `the quote ${c} is never closed`,
            'close it, or put other quotes around a value that holds it',
          )
        if (c === '"' && line[i] === '\\' && /["\\]/.test(line[i + 1] ?? '')) i++
        inside += line[i]
      }
      word = (word ?? '') + inside
    } else if (c === '\\') {
      if (++i >= line.length)
        throw new Advice('the backslash at its end stands before nothing', 'write two for one, or take it away')
      word = (word ?? '') + (line[i] ?? '')
    } else word = (word ?? '') + c
  }
  return word === undefined ? found : [...found, word]
}
