/** Medians of one tool at one workload. */
export interface Cell {
  readonly tool: string
  readonly workload: string
  readonly hosts: number
  /** Milliseconds there and back. */
  readonly rtt: number
  readonly n: number
  readonly wall: number
  readonly cpu: number
  readonly hostsCpu: number
  readonly foreign: number
  readonly walls: readonly number[]
  /** Round trips that the slowest connection waited for, connecting included. */
  readonly trips?: number
}

/** All that one run of the benchmark found. */
export interface Results {
  readonly date: string
  readonly machine: string
  readonly node: string
  readonly start: readonly { readonly name: string; readonly wall: number; readonly cpu: number }[]
  readonly cells: readonly Cell[]
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** The cells of one line of the table: the same work on the same hosts by every tool. */
export function rows(cells: readonly Cell[]): readonly (readonly Cell[])[] {
  const found = new Map<string, Cell[]>()
  for (const cell of cells) {
    const key = `${cell.rtt} ${cell.hosts} ${cell.workload}`
    found.set(key, [...(found.get(key) ?? []), cell])
  }
  return [...found.values()]
}

/** The table that people read, in Markdown. */
export function table({ machine, node, start, cells }: Results): string {
  const [us] = cells
  const others = [...new Set(cells.map(({ tool }) => tool))].filter((tool) => tool !== 'switchover')
  const seconds = (value: number) => value.toFixed(value < 10 ? 2 : 1)
  const figures = (cell: Cell | undefined) =>
    cell === undefined ? '' : `${seconds(cell.wall)} / ${seconds(cell.cpu)}${cell.n === us!.n ? '' : ` (n=${cell.n})`}`
  const lines = rows(cells).map((row) => {
    const mine = row.find(({ tool }) => tool === 'switchover')
    const theirs = row.filter(({ tool }) => tool !== 'switchover')
    const best = (of: 'wall' | 'cpu') =>
      mine === undefined || theirs.length === 0
        ? ''
        : `${(Math.min(...theirs.map((cell) => cell[of])) / mine[of]).toFixed(1)} ×`
    const [{ workload, hosts, rtt }] = row as [Cell]
    return [
      workload,
      hosts,
      rtt,
      figures(mine),
      ...others.map((tool) => figures(row.find((cell) => cell.tool === tool))),
      best('wall'),
      best('cpu'),
      mine?.trips ?? '',
      row.some(({ foreign }) => foreign > 0.1)
        ? `busy ${Math.round(100 * Math.max(...row.map(({ foreign }) => foreign)))} %`
        : '',
    ]
  })
  const head = ['work', 'hosts', 'RTT ms', 'switchover', ...others, 'wall', 'CPU', 'round trips', 'others']
  return [
    `${machine}; node ${node}. Seconds: wall / CPU of the controller, medians of ${us?.n ?? 0}; ` +
      'then the best peer by us, our round trips with those for connecting, ' +
      'and whether others kept the machine busy (walls then say little).',
    '',
    ...[head, head.map(() => '---'), ...lines].map((cellsOf) => `| ${cellsOf.join(' | ')} |`),
    '',
    ...start.map(
      ({ name, wall, cpu }) => `${name}: ${Math.round(wall * 1000)} ms wall, ${Math.round(cpu * 1000)} ms CPU`,
    ),
  ].join('\n')
}
