/** How a duration is written, for a text that means one and is none: `'1s'` for `1 second`. */
export function durationNear(text: string): string {
  if (!/^(?:\s*\d+(?:\.\d+)?\s*[a-z]*)+\s*$/i.test(text)) return anyDuration
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?) *([a-z]*)/gi)]
  const seconds = parts.map(([, count, unit = '']) => {
    const [, length] = units.find(([name]) => name.test(unit)) ?? []
    return length === undefined ? NaN : Number(count) * length
  })
  const sum = seconds.reduce((a, b) => a + b, 0)
  if (Number.isNaN(sum)) return anyDuration
  const [unit, length] = (
    [
      ['h', 3600],
      ['m', 60],
      ['s', 1],
    ] as const
  ).find(([, length]) => sum >= length && sum % length === 0) ?? ['ms', 0.001]
  return `'${Math.round(sum / length)}${unit}'`
}

const anyDuration = "seconds, or a text such as '500ms', '6s', '10m', '1h'"

const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:s|sec|secs|seconds?)?$/i, 1],
  [/^(?:ms|msec|milliseconds?)$/i, 0.001],
  [/^(?:m|min|mins|minutes?)$/i, 60],
  [/^(?:h|hours?|hrs?)$/i, 3600],
  [/^(?:d|days?)$/i, 86_400],
]
