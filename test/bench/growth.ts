import { median } from './results.ts'
import { type BenchHost, measureMore, writeInventory } from './session.ts'
import { ours } from './tools.ts'

/** What the same work costs on so many hosts. Seconds and megabytes of the whole command. */
export interface Size {
  readonly workload: string
  readonly hosts: number
  readonly wall: number
  readonly cpu: number
  readonly memory: number
  /** CPU seconds of the hosts, which share the machine with the controller. */
  readonly hostsCpu: number
}

/** One command, and thirty, on more and more hosts. @throws when a run fails */
export async function growth(
  all: readonly BenchHost[],
  counts: readonly number[],
  workloads: readonly string[],
  repeat: number,
  say: (line: string) => void,
): Promise<readonly Size[]> {
  const sizes: Size[] = []
  for (const workload of workloads) {
    for (const count of counts) {
      const taken: Awaited<ReturnType<typeof once>>[] = []
      for (let i = 0; i < repeat; i++) taken.push(await once(all.slice(0, count), workload))
      const middle = (of: keyof (typeof taken)[number]) => median(taken.map((one) => one[of]))
      const size = {
        workload,
        hosts: count,
        wall: middle('wall'),
        cpu: middle('cpu'),
        memory: middle('memory'),
        hostsCpu: middle('hostsCpu'),
      }
      say(
        `${workload} ${String(count).padStart(4)} hosts ${size.wall.toFixed(2).padStart(7)} s wall ` +
          `${size.cpu.toFixed(2).padStart(6)} s CPU ${size.memory.toFixed(0).padStart(5)} MB`,
      )
      sizes.push(size)
    }
  }
  return sizes
}

async function once(hosts: readonly BenchHost[], workload: string): Promise<Omit<Size, 'workload' | 'hosts'>> {
  const { argv, env } = ours.command(workload, writeInventory(hosts, 0), hosts.length)
  const { code, output, wall, cpu, memory, hosts: hostsCpu } = await measureMore(argv, env)
  if (code !== 0)
    throw new Error(`${workload} failed on ${hosts.length} hosts (exit code ${code}):\n${output.slice(-3000)}`)
  return { wall, cpu, memory, hostsCpu }
}

/** What one host more costs between two numbers of hosts: what starting costs is in neither. */
function perHost(from: Size, to: Size, of: 'wall' | 'cpu' | 'memory' | 'hostsCpu'): number {
  return (to[of] - from[of]) / (to.hosts - from.hosts)
}

/** The table that people read, in Markdown: the whole, and what each host beyond the line above added. */
export function growthTable(sizes: readonly Size[]): string {
  const lines = sizes.map((size, i) => {
    const less = sizes[i - 1]
    const added = less?.workload === size.workload ? less : undefined
    const milliseconds = (of: 'wall' | 'cpu' | 'hostsCpu') =>
      added ? (1000 * perHost(added, size, of)).toFixed(1) : ''
    return [
      size.workload,
      size.hosts,
      size.wall.toFixed(2),
      size.cpu.toFixed(2),
      size.memory.toFixed(0),
      milliseconds('wall'),
      milliseconds('cpu'),
      added ? perHost(added, size, 'memory').toFixed(2) : '',
      milliseconds('hostsCpu'),
    ]
  })
  const head = [
    'work',
    'hosts',
    'wall s',
    'CPU s',
    'memory MB',
    'wall ms a host more',
    'CPU ms',
    'MB',
    "the host's own CPU ms",
  ]
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const colors = ['#0b7285', '#e8590c', '#5f3dc4']
const [left, top, width, height] = [60, 48, 560, 220]

/** Wall (drawn through) and CPU (dashed) seconds against hosts: straight lines, if a host more always costs the same. */
export function growthPicture(sizes: readonly Size[], machine: string): string {
  const most = Math.max(...sizes.map(({ hosts }) => hosts))
  const longest = Math.max(...sizes.flatMap(({ wall, cpu }) => [wall, cpu]))
  const x = (hosts: number) => (left + (width * hosts) / most).toFixed(1)
  const y = (seconds: number) => (top + height - (height * seconds) / longest).toFixed(1)
  const workloads = [...new Set(sizes.map(({ workload }) => workload))]
  const drawn = workloads.flatMap((workload, i) => {
    const mine = sizes.filter((size) => size.workload === workload)
    const color = colors[i % colors.length]!
    const line = (of: 'wall' | 'cpu', dash: string) =>
      `<polyline fill="none" stroke="${color}" stroke-width="2"${dash} ` +
      `points="${mine.map((size) => `${x(size.hosts)},${y(size[of])}`).join(' ')}"/>`
    return [
      line('wall', ''),
      line('cpu', ' stroke-dasharray="5 4"'),
      ...mine.map((size) => `<circle cx="${x(size.hosts)}" cy="${y(size.wall)}" r="3" fill="${color}"/>`),
      `<text x="${left + 8}" y="${top + 14 + 16 * i}" fill="${color}">${workload}: wall, and CPU dashed</text>`,
    ]
  })
  const marks = [...new Set(sizes.map(({ hosts }) => hosts))]
    .filter((hosts) => hosts * 20 > most)
    .map((hosts) => `<text x="${x(hosts)}" y="${top + height + 16}" text-anchor="middle">${hosts}</text>`)
  const scale = [0, 0.5, 1].map((part) => {
    const seconds = longest * part
    return (
      `<line x1="${left}" x2="${left + width}" y1="${y(seconds)}" y2="${y(seconds)}" stroke="#dee2e6"/>` +
      `<text x="${left - 8}" y="${Number(y(seconds)) + 4}" text-anchor="end">${seconds.toFixed(1)} s</text>`
    )
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 40} ${top + height + 44}" ` +
      'font-family="sans-serif" font-size="12" fill="#212529">',
    '<title>Seconds of the whole command against hosts</title>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${left}" y="24" font-size="14" font-weight="bold">Seconds of the whole command against hosts</text>`,
    ...scale,
    ...drawn,
    ...marks,
    `<text x="8" y="${top + height + 36}" font-size="10" fill="#868e96">` +
      `${machine.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`,
    '</svg>',
    '',
  ].join('\n')
}
