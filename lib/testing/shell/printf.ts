/** What printf prints: the format again and again until all arguments are used. */
export function formatted(format: string, args: readonly string[]): string {
  let left = [...args]
  let found = ''
  do {
    const before = left.length
    found += format.replaceAll(
      /%%|%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?([sdiouxXcbq])|\\(?:0?[0-7]{1,3}|x[0-9a-fA-F]{1,2}|[^])/g,
      (part, flags = '', width?: string, precision?: string, kind?: string) => {
        if (part === '%%') return '%'
        if (kind === undefined) return unescaped(part)
        const size = width === '*' ? left.shift() : width
        const limit = precision === '*' ? left.shift() : precision
        const text = shown(kind, left.shift() ?? '', limit)
        const wide = Number(size ?? 0)
        if (flags.includes('-')) return text.padEnd(wide)
        return flags.includes('0') && !'sbcq'.includes(kind) ? text.padStart(wide, '0') : text.padStart(wide)
      },
    )
    if (left.length === before) break
  } while (left.length > 0)
  left = []
  return found
}

function shown(kind: string, arg: string, limit: string | undefined): string {
  switch (kind) {
    case 's':
      return limit === undefined ? arg : arg.slice(0, Number(limit))
    case 'b':
      return arg.replaceAll(/\\(?:0?[0-7]{1,3}|[^])/g, unescaped)
    case 'c':
      return arg[0] ?? ''
    case 'q':
      return `'${arg.replaceAll("'", `'\\''`)}'`
    default: {
      const number = arg.startsWith("'")
        ? arg.charCodeAt(1)
        : Number(/^-?0\d+$/.test(arg) ? parseInt(arg, 8) : arg || 0)
      return Math.trunc(number).toString(kind === 'o' ? 8 : kind === 'x' || kind === 'X' ? 16 : 10)
    }
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

function unescaped(part: string): string {
  const octal = /^\\0?([0-7]{1,3})$/.exec(part)?.[1]
  if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 255)
  const hex = /^\\x([0-9a-fA-F]{1,2})$/.exec(part)?.[1]
  return hex === undefined ? (escapes[part[1]!] ?? part) : String.fromCharCode(parseInt(hex, 16))
}
