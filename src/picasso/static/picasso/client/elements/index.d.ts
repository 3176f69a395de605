/** The elements `<picasso-uploader>` and `<picasso-file>`. Importing this module defines them. */

import type { FileInfo, Picasso, PicassoError } from '../index.js';

export { Picasso, PicassoError } from '../index.js';
export type { FileInfo } from '../index.js';

/** A sentence, or its plural forms by the categories of CLDR: `one`, `few`, `other` and so on. `{name}` is filled in. */
export type Sentence = string | { [category: string]: string };

/** Sentences by their keys; words.js has the keys. */
export type Strings = Record<string, Sentence>;

/** Add a language, or replace sentences of one: `addLanguage('de', { choose: 'Datei auswählen' })`. What it lacks stays English. */
export function addLanguage(tag: string, strings: Strings): void;

/** What both elements have. */
export class PicassoElement extends HTMLElement {
  /** The base of the service. If left out: where the module comes from, if that is a service, else the origin of the page. */
  endpoint: string;
  /** An upload token. Never a key. */
  token: string;
  /** An address of the page's own server that answers with a token, as text or as JSON with `token`. */
  tokenUrl: string;
  /** Gets a token: at first, and whenever the service refuses the last one. It comes before `tokenUrl` and `token`. */
  get getToken(): (() => string | Promise<string>) | null;
  set getToken(value: (() => string | Promise<string>) | null);
  /** Replaces sentences of this element. */
  get strings(): Strings;
  set strings(value: Strings);
  /** The client that it uses. */
  readonly client: Picasso;
}

export class PicassoUploader extends PicassoElement {
  static readonly formAssociated: boolean;
  /** As of an `<input type=file>`. */
  accept: string;
  disabled: boolean;
  multiple: boolean;
  required: boolean;
  name: string;
  pipeline: string;
  visibility: string;
  /** Bytes; the attribute `max-size` also takes "20 MB". */
  get maxSize(): number | undefined;
  set maxSize(value: number | string | undefined);
  get maxFiles(): number | undefined;
  set maxFiles(value: number | string | undefined);
  /** Pixels of the longer side that pictures are made smaller to before they are sent; 0 for none. */
  get resize(): number;
  set resize(value: number | string);
  /** Files at once; 3 if left out. */
  get parallel(): number;
  set parallel(value: number | string);
  get tags(): string[];
  set tags(value: readonly string[]);
  /** The attribute is called `attributes`, and has JSON. */
  get fileAttributes(): Record<string, unknown> | undefined;
  set fileAttributes(value: Record<string, unknown> | undefined);
  /** The id of the file, or with `multiple` the ids; empty until they are uploaded. */
  get value(): string | string[];
  set value(value: string | string[]);
  /** What is known of the files. Setting it shows files that are stored already. */
  get files(): FileInfo[];
  set files(value: readonly (Pick<FileInfo, 'id'> & Partial<FileInfo>)[]);

  readonly form: HTMLFormElement | null;
  readonly labels: NodeList;
  readonly validity: ValidityState;
  readonly validationMessage: string;
  readonly willValidate: boolean;
  checkValidity(): boolean;
  reportValidity(): boolean;

  /** Open the file dialog. The browser allows it after a click or a key only. */
  open(): void;
  /** Add files as if somebody had chosen them. */
  addFiles(files: Iterable<File>): void;
  /** Forget all files, and stop what is under way. */
  clear(): void;
  /** Retry all uploads that have failed. */
  retry(): void;
}

export class PicassoFile extends PicassoElement {
  /** The id of a file, or an address of it. */
  file: string;
  /** What the service says of it. A page that knows it already sets it, and nothing is asked for. */
  get info(): FileInfo | undefined;
  set info(value: FileInfo | undefined);
}

/** One chosen file. `key` is the same in all events about it. */
export interface ChosenFile {
  key: string;
  file: File | undefined;
  name: string;
  /** Once it is uploaded. */
  info: FileInfo | null;
}

export interface FailedFile extends ChosenFile {
  /** A file whose processing failed is stored all the same. */
  stage: 'upload' | 'processing';
  /** A sentence for people. */
  reason: string;
  /** Null if the page refused it before it was sent. */
  error: PicassoError | null;
}

export interface PicassoEventMap {
  /** Somebody has chosen a file. `preventDefault()` leaves it out. */
  'picasso-added': CustomEvent<{ key: string; file: File }>;
  'picasso-progress': CustomEvent<ChosenFile & { sent: number; total: number }>;
  'picasso-uploaded': CustomEvent<ChosenFile & { info: FileInfo }>;
  'picasso-processed': CustomEvent<{ info: FileInfo } & Partial<ChosenFile>>;
  'picasso-failed': CustomEvent<FailedFile>;
  'picasso-removed': CustomEvent<ChosenFile>;
}

declare global {
  interface HTMLElementTagNameMap {
    'picasso-uploader': PicassoUploader;
    'picasso-file': PicassoFile;
  }
  interface HTMLElementEventMap extends PicassoEventMap {}
}
