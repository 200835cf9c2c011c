/**
 * A pattern in which `*` is any text and `?` any character, as a regular expression; whatever else stands for itself.
 */
export function wildcards(pattern: string): RegExp {
  return whole(pattern.replace(/[^]/g, translated))
}

/** A pattern as a shell has it: as `wildcards`, and `[a-z]` is one of a set, `[!a-z]` none of it. */
export function glob(pattern: string): RegExp {
  return whole(
    pattern.replace(/\[([!^]?)(\]?[^\]]*)\]|[^]/g, (token, not: string | undefined, set: string | undefined) =>
      set === undefined ? translated(token) : `[${not ? '^' : ''}${set.replace(/[\\[\]^]/g, '\\$&')}]`,
    ),
  )
}

function whole(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, 's')
}

function translated(char: string): string {
  if (char === '*') return '.*'
  if (char === '?') return '.'
  return char.replace(/[\\^$.|+()[\]{}]/, '\\$&')
}
