/// <reference types="node" preserve="true" />
/** What modules, facts, reporters and connections are made of, for those who write their own. */
export { Advice, asked, CommandFailed, operation, Outdated, output, TimedOut, Unreachable } from '../model/operation.ts'
export type {
  Change,
  CommandResult,
  Connection,
  Diff,
  ExecOptions,
  Fact,
  FileMeta,
  Json,
  LocalFile,
  Look,
  Operation,
  OperationSpec,
  Plan,
  Prepared,
  Reader,
  Stream,
  Value,
} from '../model/operation.ts'
export type { Connect, Destination, Reached, Started } from '../model/connect.ts'
export type { Event, Failure, HostCounts, Reporter, Status, Timed } from '../model/event.ts'
export { recap } from '../model/event.ts'
export { showPath, type TaskPath } from '../model/path.ts'
export { type Location, showLocation } from '../model/location.ts'
export { type Answer, answers } from './answers.ts'
export { type Command, perform, performAll, performStep, type Step } from './command.ts'
export { refuse } from './refusal.ts'
export { type Edited, editFile, type EditOptions } from './edit-file.ts'
export { fact } from './fact.ts'
export { foresee } from './foresee.ts'
export { type Left, left } from '../model/foreseen.ts'
export { localFile } from './local-file.ts'
export { look, type LookOptions } from './look.ts'
export type { NewContent, NewFile } from './new-file.ts'
export type { PathState } from './path-state.ts'
export type { Replaced, ReplacedThing } from '../model/replaced.ts'
export { plainly, quote, sbin, sh, type Word } from './shell.ts'
export type { Written } from './written.ts'
