import { columns } from '../model/columns.ts'
import { counted } from '../model/counted.ts'
import { showLocation } from '../model/location.ts'
import { type Node, type PlayNode, tagsOf, tasksOf } from './select.ts'
import type { BatchSize, Playbook } from '../model/playbook.ts'

interface Row {
  readonly indent: number
  readonly name: string
  readonly tags: string
  readonly at: string
}

/** The tree of what would run, without connecting: plays, roles, tasks, tags, places. */
export function listTasks(plays: readonly PlayNode[]): string {
  const out: string[] = []
  for (const play of plays) {
    const rows = play.roles.flatMap((role): readonly Row[] => {
      // The steps that a play gives itself make a role of its name.
      if (role.role.name === play.play.name && play.roles.length === 1) return rowsOf(role.nodes, 0)
      const own = rowsOf(role.nodes, 1)
      const name =
        role.beside.length > 0 ? `${role.role.name} (side by side with ${role.beside.join(', ')})` : role.role.name
      return own.length > 0 ? [{ indent: 0, name, tags: '', at: '' }, ...own] : []
    })
    if (rows.length === 0) continue
    const { hosts, serial } = play.play.options
    out.push(`${play.play.name}  (${hosts}${serial === undefined ? '' : `, ${showSerial(serial)} at a time`})`)
    const cells = rows.map(({ indent, name, tags, at }) => [`${'  '.repeat(indent)}${name}`, tags, at])
    out.push(...columns(cells).map((line) => `  ${line}`), '')
  }
  return out.join('\n').trimEnd()
}

function showSerial(serial: BatchSize | readonly BatchSize[]): string {
  return [serial].flat().join(', then ')
}

function rowsOf(nodes: readonly Node[], indent: number): readonly Row[] {
  return nodes.flatMap((node): readonly Row[] => {
    if (node.kind === 'task')
      return node.selected
        ? [{ indent, name: node.task.name, tags: node.tags.join(', '), at: showLocation(node.task.at) }]
        : []
    if (node.kind === 'gate')
      return node.selected
        ? [{ indent, name: `? ${node.gate.name}`, tags: node.tags.join(', '), at: showLocation(node.gate.at) }]
        : []
    if (node.kind === 'parallel')
      return titled(
        `${node.name} (side by side)`,
        node.branches.flatMap((b) => rowsOf(b, indent + 1)),
      )
    if (node.kind === 'flush') return []
    return [
      ...titled(node.block.name, rowsOf(node.try, indent + 1)),
      ...titled('rescue', rowsOf(node.rescue, indent + 1)),
      ...titled('always', rowsOf(node.always, indent + 1)),
    ]
  })
  function titled(name: string, rows: readonly Row[]): readonly Row[] {
    return rows.length > 0 ? [{ indent, name, tags: '', at: '' }, ...rows] : []
  }
}

/** The hosts of each play, as the limit leaves them. */
export function listHosts(plays: readonly PlayNode[]): string {
  return plays
    .filter((play) => [...tasksOf(play.nodes)].some((n) => n.selected))
    .map((play) =>
      [
        `${play.play.name}  (${play.play.options.hosts}): ${play.hosts.length}`,
        ...play.hosts.map((h) => `  ${h.name}`),
      ].join('\n'),
    )
    .join('\n\n')
}

/** Every tag of the playbook with the number of tasks that have it. */
export function listTags(playbook: Playbook, plays: readonly PlayNode[]): string {
  const tasks = plays.flatMap((play) => [...tasksOf(play.nodes)]).filter((n) => n.selected)
  const rows = tagsOf(playbook).flatMap((tag) => {
    const having = tasks.filter((n) => n.tags.includes(tag)).length
    return having > 0 ? [[tag, counted(having, 'task')]] : []
  })
  return columns(rows).join('\n')
}

/** The same three as data. */
export function listAsJson(plays: readonly PlayNode[]): string {
  return JSON.stringify(
    plays.map((play) => ({
      play: play.play.name,
      pattern: play.play.options.hosts,
      hosts: play.hosts.map((h) => h.name),
      tasks: [...tasksOf(play.nodes)]
        .filter((n) => n.selected)
        .map((n) => ({
          ...n.path,
          tags: n.tags,
          at: showLocation(n.kind === 'task' ? n.task.at : n.gate.at),
        })),
    })),
    undefined,
    2,
  )
}
