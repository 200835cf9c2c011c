import { type Cell, type Results, rows } from './results.ts'

const colors = ['#0b7285', '#adb5bd', '#868e96', '#495057', '#e8b06a', '#c97b63']
const [left, width, bar, gap] = [150, 560, 13, 14]

/** Wall seconds of every tool as bars on a logarithmic scale, since they differ by two orders of magnitude. */
export function chart({ machine, cells }: Results): string {
  const groups = rows(cells)
  const tools = [...new Set(cells.map(({ tool }) => tool))]
  const most = Math.max(...cells.map(({ wall }) => wall), 1)
  const least = Math.min(...cells.map(({ wall }) => wall), 1) / 1.5
  const color = (tool: string) => colors[tools.indexOf(tool)] ?? '#ced4da'
  const x = (seconds: number) => left + (width * Math.log(seconds / least)) / Math.log(most / least)
  let y = 64
  const parts: string[] = []
  for (const group of groups) {
    const [{ workload, hosts, rtt }] = group as [Cell]
    const top = y
    for (const cell of group) {
      const end = x(cell.wall)
      parts.push(
        `<rect x="${left}" y="${y}" width="${(end - left).toFixed(1)}" height="${bar - 2}" ` +
          `fill="${color(cell.tool)}"/>`,
        `<text x="${(end + 5).toFixed(1)}" y="${y + bar - 4}" font-size="10">` +
          `${cell.wall.toFixed(cell.wall < 10 ? 2 : 1)} s</text>`,
      )
      y += bar
    }
    parts.push(
      `<text x="${left - 8}" y="${(top + y) / 2 + 3}" text-anchor="end">` +
        `${workload}, ${hosts} ${hosts === 1 ? 'host' : 'hosts'}${rtt > 0 ? `, ${rtt} ms` : ''}</text>`,
    )
    y += gap
  }
  const legend = tools.map(
    (tool, i) =>
      `<rect x="${8 + i * 128}" y="34" width="11" height="11" fill="${color(tool)}"/>` +
      `<text x="${8 + i * 128 + 16}" y="44">${tool}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 70} ${y + 22}" ` +
      'font-family="sans-serif" font-size="12" fill="#212529">',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="14" font-weight="bold">Wall seconds of the whole command, logarithmic</text>`,
    ...legend,
    ...parts,
    `<text x="8" y="${y + 10}" font-size="10" fill="#868e96">` +
      `${machine.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`,
    '</svg>',
    '',
  ].join('\n')
}
