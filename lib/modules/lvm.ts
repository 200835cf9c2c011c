import { Advice, CommandFailed, operation, output, type Operation, type Reader } from '../model/operation.ts'
import { sh } from '../model/shell.ts'

/** A logical volume and its size in bytes. */
export type LogicalVolume = { readonly name: string; readonly bytes: number; readonly origin: string }
export type VolumeGroup = { readonly name: string; readonly bytes: number; readonly free: number; readonly extent: number }

/** The logical volumes of a group. @throws CommandFailed when there is no such group */
export function volumes(group: string): Operation<readonly LogicalVolume[]> {
  return listVolumes({ group })
}

const listVolumes = operation<{ readonly group: string }, readonly LogicalVolume[], readonly LogicalVolume[]>(({ group }) => `lvm.volumes ${group}`, {
  read: (connection, { group }) => readVolumes(connection, group),
  plan: (result) => ({ changed: false, result }),
  async apply() {},
})

/** A volume group, its size and what is free of it. @throws Advice when there is none of that name */
export function group(name: string): Operation<VolumeGroup> {
  return lookGroup({ name })
}

const lookGroup = operation<{ readonly name: string }, VolumeGroup, VolumeGroup>(({ name }) => `lvm.group ${name}`, {
  read: (connection, { name }) => readGroup(connection, name),
  plan: (result) => ({ changed: false, result }),
  async apply() {},
})

interface Wanted {
  readonly group: string
  readonly name: string
  readonly bytes: number
}

/**
 * A logical volume of at least this size. One that is there with another size is an error: it holds somebody's data.
 *
 * ```ts
 * lvm.volume({ group: 'cinder', name: 'volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76', bytes: 1073741824 })
 * ```
 */
export function volume(wanted: Wanted): Operation<LogicalVolume> {
  return bringVolume(wanted)
}

const bringVolume = operation<Wanted, { readonly found: LogicalVolume | undefined; readonly in: VolumeGroup }, LogicalVolume>(({ group, name }) => `lvm.volume ${group}/${name}`, {
  async read(connection, { group, name }) {
    const [all, of] = await Promise.all([readVolumes(connection, group), readGroup(connection, group)])
    return { found: all.find((volume) => volume.name === name), in: of }
  },
  plan({ found, in: of }, { group, name, bytes }) {
    // LVM rounds up to whole extents.
    const rounded = of.extent > 0 ? Math.ceil(bytes / of.extent) * of.extent : bytes
    if (found && found.bytes < bytes) {
      throw new Advice(`${group}/${name} is there with ${found.bytes} bytes, and ${bytes} are needed`, `see whose it is: lvs ${group}; extend it with lvextend, or remove it, if nobody needs it`)
    }
    if (!found && of.free < rounded) throw new Advice(`${group} has ${of.free} bytes free, and ${rounded} are needed for ${name}`, `extend the group: vgextend ${group} DEVICE`)
    return found ? { changed: false, result: found }
      : { changed: true, result: { name, bytes: rounded, origin: '' }, diff: { path: `/dev/${group}/${name}`, before: '', after: `a logical volume of ${rounded} bytes\n` } }
  },
  async apply(connection, _plan, { group, name, bytes }) {
    const command = sh`lvcreate -n ${name} -L ${`${bytes}b`} ${group}`
    const result = await connection.exec(command)
    if (result.code !== 0) throw new CommandFailed(command, result)
  },
})

const columns = '--noheadings --nosuffix --units b --separator :'

async function readVolumes(connection: Reader, group: string): Promise<readonly LogicalVolume[]> {
  const said = await output(connection, `lvs ${columns} -o lv_name,lv_size,origin ${sh`${group}`}`)
  return said.split('\n').map((line) => line.trim().split(':')).filter(([name]) => name).map(([name, bytes, origin]) => ({ name: name!, bytes: Number(bytes), origin: origin ?? '' }))
}

async function readGroup(connection: Reader, name: string): Promise<VolumeGroup> {
  const result = await connection.exec(`vgs ${columns} -o vg_name,vg_size,vg_free,vg_extent_size ${sh`${name}`}`)
  const [found, bytes, free, extent] = result.stdout.trim().split(':')
  if (result.code !== 0 || !found) throw new Advice(`${connection.host.name} has no volume group ${name}: ${result.stderr.trim()}`, `make it there, as large as the one of the source: vgcreate ${name} DEVICE`)
  return { name: found, bytes: Number(bytes), free: Number(free), extent: Number(extent) }
}
