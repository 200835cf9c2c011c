import type { database, ini } from '../../lib/modules/index.ts'
import type { Moved } from './addresses.ts'
import type { Operation, Value } from '../../lib/index.ts'
import type { Cloud, CloudHost, Site } from './cloud.ts'
import type { Look } from './look/finding.ts'

/**
 * A pair of releases: all that the roles know about the one that is left and the one that is reached. A role asks for
 * what it needs by its name and never which release it is; so a later pair is another value of this type, in a file
 * of its own.
 */
export interface Release {
  /** The release that is left, and the one that is reached, as people call them. */
  readonly from: string
  readonly to: string
  /**
   * Every service, who is asked before who asks. In this order they are started; in the reverse order, from the users
   * inwards, they are stopped. Freeze, move, start, look and rollback all read this list, and there is no other.
   */
  readonly services: readonly Service[]
  /** What the target's server of databases must be told, where its own default breaks what comes; and in which file. */
  readonly server?: { readonly file: string; readonly variables: readonly ServerVariable[] }
  /** What every database is created with and converted to, since a server's own default is another on every host. */
  readonly charset: { readonly charset: string; readonly collation: string }
  /**
   * `latin1`: the client library of the release that is left takes a connection that says nothing else for latin1, and
   * its services write UTF-8 over it. PyMySQL, which all have since Liberty, speaks utf8 by itself.
   */
  readonly connections?: 'latin1'
  readonly compute: Compute
  /** What is to be known of services that no role moves, by their names, where they have a database. */
  readonly behind?: Readonly<Record<string, Behind>>
  /** A SELECT of the catalogue: the type of each service, what else is said of it, and one of its URLs. */
  readonly catalogue: string
  /** A file for `.` in a shell: with it the clients act as the admin of the cloud. */
  readonly openrc: string
  /** The daemon of the message broker, which runs on every controller and is not moved. */
  readonly broker: ByFamily
}

/** A variable of a database server, which servers that do not know it need not have. */
export interface ServerVariable {
  readonly name: string
  /** As SHOW VARIABLES has it. */
  readonly value: string
  /** What happens where it is another. */
  readonly otherwise: string
}

/** One service: its names, its data, its settings, and how to see that it works. */
export interface Service {
  /** Also the user of its databases, the name of its logs' folder and the key in `databasePasswords`. */
  readonly name: string
  /** Not every cloud has it: it is moved where the variable `also` names it. */
  readonly optional?: true
  /** The folder of its configuration. */
  readonly etc: string
  /** In the order in which they are started. */
  readonly daemons: readonly Daemon[]
  /** Runs the commands that migrate its databases, and becomes the owner of all of `owned`. */
  readonly user?: string
  readonly owned?: readonly string[]
  readonly databases: readonly Database[]
  /** Folders of data beside the databases, the same on both controllers. */
  readonly folders?: readonly string[]
  /** A SELECT of the files in which it keeps what users have, each an id and a path, where there are such. */
  readonly files?: string
  /** Settings that its data and the new place ask for; everything else stays as the target's own packages have it. */
  readonly config: readonly ConfigFile[]
  /** Settings that need the data of other services, written just before the start. */
  readonly configAtStart?: readonly ConfigFile[]
  /** What is looked at on the source before anything is touched, beside what is the same for all services. */
  readonly looks?: readonly Look[]
  /** Commands as `user` that end what a migration leaves to be done while it runs; again they do nothing. */
  readonly online?: readonly string[]
  /** What would break off its migrations. */
  readonly hazards?: readonly Hazard[]
  /** The types of its endpoints in keystone's catalogue. Those of other services go on leading where they led. */
  readonly endpoints?: readonly string[]
  /**
   * SELECTs of what is under way (kind, id, state, minutes since when, the command that ends it): frozen halfway, it
   * would stay so for ever.
   */
  readonly underWay?: readonly string[]
  /** Where it answers once it is up, as seen from its own host, and with which status when that is not below 400. */
  readonly answers?: { readonly url: string | ByFamily; readonly status?: number }
  /** What a user sees of it. */
  readonly list?: Listing
  /** Servers of memcached that remember what is in its database, by the settings that name them. */
  readonly caches?: { readonly file: string; readonly keys: readonly (readonly [section: string, key: string])[] }
  /** More commands whose output an operator wants to see at the end. */
  readonly shown?: readonly string[]
  /** Takes away what it knows of hosts that are gone: `known` are the names of those that are not, as a list of SQL. */
  stale?(host: CloudHost, known: string): Promise<void>
  /** What compute nodes reach on the controller by the storage network, as people call it, and at which port. */
  readonly storage?: { readonly name: string; readonly port: number }
  /** Disks of a volume group that it serves to guests over iSCSI, where it does. */
  readonly serving?: Serving
  /** The command that lists its daemons with a smile for each that lives, where the release has one. */
  readonly smiles?: string
  /** What the new release asks keystone for, that the old one did not have. */
  readonly roles?: readonly Granted[]
  /** A role that it gives to users which it makes itself. */
  readonly madeRole?: MadeRole
}

/** A role that must be there, and that nobody has yet. */
export interface MadeRole {
  /** Where its name is set, and what it is when it is not. */
  readonly file: string
  readonly key: readonly [section: string, key: string]
  readonly fallback: string
  /** A SELECT of the names of the roles that there are. */
  readonly known: string
  /** Makes the one whose name follows. */
  readonly command: string
}

/** A role that a service's user needs in the project of the services. */
export interface Granted {
  readonly role: string
  readonly user: string
  readonly project: string
  /** A SELECT that counts whether the user has it. */
  readonly count: string
}

/** Disks that guests hold on to: what of them outlives a stop and a start on the controller that is left. */
export interface Serving {
  /** Saves who may use which disk, on the target, as long as it is known. */
  save(host: CloudHost): Promise<void>
  /** Does the daemon run that tells the iSCSI target what to serve? */
  serves(host: CloudHost): Promise<boolean>
  /** While it is shut, nobody new is let in. */
  door(state: 'offline' | 'ready'): Operation<Value>
  /** Gives it back, once all has been served that is served since a time of the host's clock. @throws until then */
  giveBack(host: CloudHost, since: number): Promise<void>
  /** Everything must be served as it was when it was saved. @throws */
  mustServe(host: CloudHost): Promise<unknown>
  /** Takes away what the target needed for it. */
  readonly forgotten: Operation<Value>
}

export type Family = Cloud['osFamily']
/** A name, or what it is on hosts of each family. */
export type ByFamily = Readonly<Record<Family, string>>

/** A program that runs in the background, under the name that each family has for it; none where it has none. */
export interface Daemon extends Partial<ByFamily> {
  /**
   * `api`: users' requests come in here, so it is stopped before what works for it. `agent`: it serves addresses on
   * the wire, which two hosts must never do at once. `target`: guests hold connections to it, so it is not restarted
   * for a setting.
   */
  readonly kind?: 'api' | 'agent' | 'target'
}

/** A database of a service, and the way of its schema to the new release. */
export interface Database {
  readonly name: string
  /** Bring the schema to the release, one after the other, as the service's user. */
  readonly migrations: readonly string[]
  /** Run before the migrations where the service made its tables itself, and the schema has no version. */
  readonly stamp?: string
  readonly version: Version
  /** Rows that name the old controller, by host name or address. */
  readonly rows?: readonly BoundRows[]
}

/** Where a schema's version stands, from which versions the migrations lead, and to which: point releases differ. */
export interface Version {
  readonly table: string
  readonly sql: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Where it stands afterwards, when the new release notes it elsewhere. */
  readonly arrived?: { readonly table: string; readonly sql: string }
}

/** Rows of one table that are bound to a host or an address. */
export interface BoundRows extends Pick<database.RewriteOptions, 'table' | 'key' | 'columns' | 'show'> {
  /** Which rows; of some it depends on which services are moved. */
  readonly where?: string | ((release: Release) => string)
  /** Rewritten before the next database is migrated: its migrations go where these rows lead. */
  readonly early?: true
  /** The address meant, where it is one that a file of each controller names. */
  readonly address?: { readonly file: string; of(contents: ini.Contents, vars: Cloud): string }
  /** The columns that must become otherwise, or undefined when the row is right. Pure. */
  change(row: database.Row, moved: Moved): database.Row | undefined
}

/** A file with settings. */
export interface ConfigFile {
  readonly path: string | ByFamily
  /** `oslo` unless said; `loose`: an INI file of another program; `python`: assignments, in the section ''. */
  readonly format?: 'oslo' | 'loose' | 'python'
  /** The source's file that `theirs` are taken from; the same one unless said. */
  readonly from?: string
  /** A SELECT on the target whose rows the settings get as `asked`. */
  readonly ask?: string
  /** One laid over the other. */
  readonly settings: readonly Setting[]
}

/** Sections of settings, or how they follow from what is there. Pure. */
export type Setting = ini.Sections | ((found: Found) => ini.Sections)

/** What settings may follow from. */
export interface Found {
  readonly site: Site
  /** The source's file; empty for a compute node, which keeps its own. */
  readonly theirs: ini.Contents
  /** The file as it is. */
  readonly ours: ini.Contents
  readonly asked: readonly (readonly string[])[]
}

/** Asks the source's databases. */
export type Ask = (sql: string) => Promise<readonly (readonly string[])[]>
/** Tells what stays behind with a service, and what is to be typed for it. */
export type Behind = (ask: Ask, family: Family) => Promise<{ readonly what: string; readonly mend: string }>
/** Tells what is wrong with the source's data, a line each, and the command that mends it there. */
export type Hazard = (ask: Ask) => Promise<readonly { readonly says: string; readonly mend: string }[]>

/** A listing by the command line client. */
export interface Listing {
  /** What is listed, in the plural. */
  readonly of: string
  readonly command: string
  /** A SELECT that counts what there should be. */
  readonly count: string
  /** What a row looks like that should not be there. */
  readonly broken?: RegExp
  /** A SELECT that counts what the client shows to the admin, where that is not all. */
  readonly seen?: string
  /** A SELECT of words of rows that may lead to the source still: what is left behind there. */
  behind?(release: Release): string
}

/** What compute nodes have that stay at the release that is left. */
export interface Compute {
  readonly daemon: ByFamily
  readonly agent: ByFamily
  readonly package: ByFamily
  /** The log of the daemon. */
  readonly log: ByFamily
  /** Settings of the daemon and of the agent, written on the node. */
  readonly config: { readonly daemon: ConfigFile; readonly agent: ConfigFile }
  readonly cap: Cap
  /** A pattern of grep -E for lines of the log that tell of refused messages of another version. */
  readonly refusals: string
}

/** The version that messages to and from compute nodes may have while old ones remain. */
export interface Cap {
  /** As people call it. */
  readonly name: string
  /** Those who send to the compute nodes must have it: nova's daemons on the controller. */
  readonly controller: ini.Sections
  readonly compute: ini.Sections
  /** What the controller is told once the cap is gone: it could not do it before. */
  readonly afterwards?: { readonly service: string; readonly path: string; readonly sections: ini.Sections }
  /** The first version of the package on a compute node that takes it right. */
  readonly least: string
  /** The first version that needs it no more. */
  readonly until: string
  /** What such a nova-compute writes into the table of nova's services as its version, where there is one. */
  readonly service?: number
}

/** The types of the endpoints that move with their services, as a list of SQL. */
export function moving({ services }: Release): string {
  return services
    .flatMap((one) => one.endpoints ?? [])
    .map((type) => `'${type}'`)
    .join(', ')
}
