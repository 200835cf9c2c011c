import type { Shell } from './shell.ts'

/** Does what `test` is asked hold? */
export function holds(shell: Shell, args: readonly string[]): boolean {
  // What several words mean goes by their number, so that a value may look like an operator.
  const [a = '', b = '', c = '', d = ''] = args
  switch (args.length) {
    case 0:
      return false
    case 1:
      return a !== ''
    case 2:
      return a === '!' ? b === '' : unary(shell, a, b)
    case 3:
      if (Object.hasOwn(binary, b)) return compare(shell, a, b, c)
      if (a === '!') return !holds(shell, [b, c])
      if (a === '(' && c === ')') return b !== ''
      break
    case 4:
      if (a === '!') return !holds(shell, [b, c, d])
      if (a === '(' && d === ')') return holds(shell, [b, c])
  }
  return several(shell, args)
}

function several(shell: Shell, args: readonly string[]): boolean {
  const left = [...args]
  const next = () => left.shift() ?? ''
  const one = (): boolean => {
    const word = next()
    if (word === '!') return !one()
    if (word === '(') {
      const found = either()
      next()
      return found
    }
    if (Object.hasOwn(binary, left[0] ?? '')) return compare(shell, word, next(), next())
    return /^-\w$/.test(word) && left.length > 0 ? unary(shell, word, next()) : word !== ''
  }
  const both = (): boolean => {
    let found = one()
    while (left[0] === '-a') found = next() !== '' && one() && found
    return found
  }
  const either = (): boolean => {
    let found = both()
    while (left[0] === '-o') found = (next() !== '' && both()) || found
    return found
  }
  const found = either()
  if (left.length > 0) throw new Error(`test ${args.join(' ')}: nobody here knows what that means`)
  return found
}

function unary(shell: Shell, operator: string, value: string): boolean {
  if (operator === '-n') return value !== ''
  if (operator === '-z') return value === ''
  if (operator === '-t') return false
  const node = value === '' ? undefined : shell.system.files.at(shell.path(value), !/^-[Lh]$/.test(operator))
  if (node === undefined && /^\/dev\/(?:null|stdin|stdout|stderr)$/.test(value)) return /^-[erwc]$/.test(operator)
  switch (operator) {
    case '-e':
    case '-r':
    case '-w':
      return node !== undefined
    case '-f':
      return node?.kind === 'file'
    case '-d':
      return node?.kind === 'directory'
    case '-L':
    case '-h':
      return node?.kind === 'link'
    case '-s':
      return node !== undefined && (node.kind !== 'file' || node.content !== '')
    case '-x':
      return node !== undefined && (node.kind === 'directory' || (node.mode & 0o111) !== 0)
    case '-O':
      return node?.owner === shell.system.user
    case '-G':
      return node?.group === shell.system.user
    case '-g':
      return node !== undefined && (node.mode & 0o2000) !== 0
    case '-u':
      return node !== undefined && (node.mode & 0o4000) !== 0
    case '-k':
      return node !== undefined && (node.mode & 0o1000) !== 0
    case '-b':
    case '-c':
    case '-p':
    case '-S':
      return false
    default:
      throw new Error(`test ${operator} ${value}: nobody here knows what that means`)
  }
}

const binary: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
  '=': () => false,
  '==': () => false,
  '!=': () => false,
  '-nt': () => false,
  '-ot': () => false,
  '-ef': () => false,
}

function compare(shell: Shell, a: string, operator: string, b: string): boolean {
  const node = (file: string) => shell.system.files.at(shell.path(file))
  switch (operator) {
    case '=':
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '-nt':
      return (node(a)?.mtime ?? -1) > (node(b)?.mtime ?? -1)
    case '-ot':
      return (node(a)?.mtime ?? -1) < (node(b)?.mtime ?? -1)
    case '-ef':
      return node(a) !== undefined && node(a) === node(b)
    default:
      return binary[operator]!(Number(a), Number(b))
  }
}
