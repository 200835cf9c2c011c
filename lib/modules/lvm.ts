import { refuseUnknown } from '../model/option-names.ts'
import {
  Advice,
  CommandFailed,
  type CommandResult,
  type Operation,
  operation,
  type Reader,
} from '../model/operation.ts'
import type { Command } from '../kit/command.ts'
import { sh } from '../kit/shell.ts'

/** A logical volume and its size in bytes. */
export type LogicalVolume = { readonly name: string; readonly bytes: number; readonly origin: string }
/** A volume group: its size, what is free of it and what it is divided into, in bytes. */
export type VolumeGroup = {
  readonly name: string
  readonly bytes: number
  readonly free: number
  readonly extent: number
}

/**
 * The logical volumes of a group. @throws Advice when there is no such group
 *
 * ```ts
 * const volumes = await host.run(lvm.volumes('cinder'))
 * ```
 */
export function volumes(group: string): Operation<readonly LogicalVolume[]> {
  return listVolumes({ group })
}

const listVolumes = operation<{ readonly group: string }, readonly LogicalVolume[], readonly LogicalVolume[]>(
  ({ group }) => `lvm.volumes ${group}`,
  {
    read: (connection, { group }) => readVolumes(connection, group),
    plan: (result) => ({ result }),
  },
)

/**
 * A volume group, its size and what is free of it. @throws Advice when there is none of that name
 *
 * ```ts
 * const { free } = await host.run(lvm.group('cinder'))
 * ```
 */
export function group(name: string): Operation<VolumeGroup> {
  return lookGroup({ name })
}

const lookGroup = operation<{ readonly name: string }, VolumeGroup, VolumeGroup>(({ name }) => `lvm.group ${name}`, {
  read: (connection, { name }) => readGroup(connection, name),
  plan: (result) => ({ result }),
})

interface Wanted {
  readonly group: string
  readonly name: string
  readonly bytes: number
}

/**
 * A logical volume of at least this size, which LVM rounds up to whole extents. One that is there and smaller is an
 * error: it holds somebody's data.
 *
 * ```ts
 * lvm.volume({ group: 'cinder', name: 'volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76', bytes: 1073741824 })
 * ```
 * @throws Advice when the group is missing or too full, or what is there is smaller
 */
export function volume(wanted: Wanted): Operation<LogicalVolume> {
  refuseUnknown('lvm.volume', wanted, { group: true, name: true, bytes: true })
  return bringVolume(wanted)
}

const bringVolume = operation<
  Wanted,
  { readonly found: LogicalVolume | undefined; readonly in: VolumeGroup },
  Command,
  LogicalVolume
>(({ group, name }) => `lvm.volume ${group}/${name}`, {
  async read(connection, { group, name }) {
    // The group first: when it is missing, that is the error to show.
    const of = await readGroup(connection, group)
    const all = await readVolumes(connection, group)
    return { found: all.find((volume) => volume.name === name), in: of }
  },
  plan({ found, in: of }, { group, name, bytes }) {
    if (found && found.bytes < bytes) {
      throw new Advice(
        `${group}/${name} is there with ${found.bytes} bytes, and ${bytes} are needed`,
        `see whose it is: lvs ${group}; extend it with lvextend, or remove it, if nobody needs it`,
      )
    }
    if (found) return { result: found }
    const rounded = Math.ceil(bytes / of.extent) * of.extent
    if (of.free < rounded)
      throw new Advice(
        `${group} has ${of.free} bytes free, and ${rounded} are needed for ${name}`,
        `extend the group: vgextend ${group} DEVICE`,
      )
    return {
      result: { name, bytes: rounded, origin: '' },
      leaves: [{ what: `volume ${group}/${name}` }, { what: `file /dev/${group}/${name}` }],
      replaces: [],
      irreversible: `the volume stays: lvremove ${group}/${name}, where nobody uses it`,
      change: { script: sh`lvcreate -n ${name} -L ${`${rounded}b`} ${group}` },
      diff: { path: `/dev/${group}/${name}`, before: '', after: `a logical volume of ${rounded} bytes\n` },
    }
  },
  async apply(connection, command) {
    const result = await connection.exec(command.script)
    if (result.code !== 0) throw new CommandFailed(command.script, { ...result, stderr: withoutNoise(result.stderr) })
  },
})

const columns = '--noheadings --nosuffix --units b --separator :'

async function readVolumes(connection: Reader, group: string): Promise<readonly LogicalVolume[]> {
  const command = `lvs ${columns} -o lv_name,lv_size,origin ${sh`${group}`}`
  const result = await connection.exec(command)
  if (result.code !== 0) throw missing(connection, command, group, result)
  return rowsOf(result.stdout, /^([\w+.-]+):(\d+):([^:]*)$/).map(([name, bytes, origin]) => ({
    name: name!,
    bytes: Number(bytes),
    origin: origin!,
  }))
}

async function readGroup(connection: Reader, name: string): Promise<VolumeGroup> {
  const command = `vgs ${columns} -o vg_name,vg_size,vg_free,vg_extent_size ${sh`${name}`}`
  const result = await connection.exec(command)
  const [row] = rowsOf(result.stdout, /^([\w+.-]+):(\d+):(\d+):(\d+)$/)
  if (result.code !== 0 || !row) throw missing(connection, command, name, result)
  const [found, bytes, free, extent] = row
  return { name: found!, bytes: Number(bytes), free: Number(free), extent: Number(extent) }
}

// Warnings may stand between the rows, and before them blanks.
function rowsOf(said: string, row: RegExp): readonly (readonly string[])[] {
  return said.split('\n').flatMap((line) => {
    const match = row.exec(line.trim())
    return match ? [match.slice(1)] : []
  })
}

function missing(connection: Reader, command: string, group: string, result: CommandResult): Error {
  const said = withoutNoise(result.stderr)
  const { name } = connection.host
  if (result.code === 127)
    return new Advice(`${name} has no LVM: ${said}`, 'install it there: the package is called lvm2')
  if (/not found/i.test(said))
    return new Advice(
      `${name} has no volume group ${group}: ${said}`,
      `make it there, as large as the one of the source: vgcreate ${group} DEVICE`,
    )
  return new CommandFailed(command, { ...result, stderr: said })
}

// Every LVM command says this of each descriptor that its caller has open.
function withoutNoise(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !/^File descriptor \d+ .*leaked on /.test(line))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}
