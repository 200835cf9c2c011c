/** Works out what stands in $((…)); names are those of variables. @throws when it is no sum */
export function calculate(
  text: string,
  variables: { get(name: string): string; set(name: string, value: string): void },
): number {
  const tokens = text.match(/0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|<=|>=|==|!=|&&|\|\||<<|>>|[-+*/%]=|[^\s]/g) ?? []
  let at = 0
  const peek = () => tokens[at] ?? ''
  const take = (...wanted: readonly string[]) => (wanted.includes(peek()) ? tokens[at++] : undefined)
  const valueOf = (given: string): number => {
    if (given.trim() === '') return 0
    const value = /^\s*-?0[0-7]+\s*$/.test(given) ? parseInt(given, 8) : Number(given)
    if (!Number.isInteger(value)) throw new Error(`${given}: not a number`)
    return value
  }

  const primary = (): number => {
    if (take('(')) {
      const value = choice()
      if (!take(')')) throw new Error(`${text}: ) is missing`)
      return value
    }
    if (take('-')) return -primary()
    if (take('+')) return primary()
    if (take('!')) return primary() === 0 ? 1 : 0
    if (take('~')) return ~primary()
    const token = tokens[at++]
    if (token === undefined) throw new Error(`${text}: something is missing`)
    if (!/^[A-Za-z_]/.test(token)) return valueOf(token)
    const assigned = take('=', '+=', '-=', '*=', '/=', '%=')
    if (assigned === undefined) return valueOf(variables.get(token))
    const right = choice()
    const value = assigned === '=' ? right : binary[assigned[0]!]!(valueOf(variables.get(token)), right)
    variables.set(token, String(value))
    return value
  }
  const level = (n: number): number => {
    const operators = levels[n]
    if (!operators) return primary()
    let left = level(n + 1)
    for (let operator = take(...operators); operator; operator = take(...operators))
      left = binary[operator]!(left, level(n + 1))
    return left
  }
  const choice = (): number => {
    const condition = level(0)
    if (!take('?')) return condition
    const [yes, no] = [choice(), take(':') ? choice() : 0]
    return condition === 0 ? no : yes
  }
  const value = tokens.length === 0 ? 0 : choice()
  if (at < tokens.length) throw new Error(`${text}: unexpected ${tokens[at]}`)
  return value
}

const levels = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
]

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  '||': (a, b) => Number(a !== 0 || b !== 0),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '&': (a, b) => a & b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => Math.trunc(a / divisor(b)),
  '%': (a, b) => a % divisor(b),
}

function divisor(given: number): number {
  if (given === 0) throw new Error('division by zero')
  return given
}
