/**
 * The fewest of some points with which something still fails, found by halving. Where no half fails alone, what is
 * needed of each half beside the other is found in the same way (Zeller's delta debugging).
 */
export async function culprits<T>(
  points: readonly T[],
  fails: (points: readonly T[]) => Promise<boolean>,
  beside: readonly T[] = [],
): Promise<readonly T[]> {
  if (points.length < 2) return points
  const [first, second] = [points.slice(0, points.length >> 1), points.slice(points.length >> 1)]
  // Of a chain the last point is the likeliest, so the second half is tried first.
  if (await fails([...beside, ...second])) return culprits(second, fails, beside)
  if (await fails([...beside, ...first])) return culprits(first, fails, beside)
  return [
    ...(await culprits(first, fails, [...beside, ...second])),
    ...(await culprits(second, fails, [...beside, ...first])),
  ]
}
