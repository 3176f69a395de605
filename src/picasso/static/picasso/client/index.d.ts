/** A client of Picasso for browsers and Node 20 or newer. */

export interface PicassoOptions {
  /** The public URL of the service, with its prefix if it has one. In a browser: the origin of the page if left out. */
  url?: string | URL;
  /** A key (`pk_…`). Never in a page: give pages a token. */
  key?: string;
  /** An upload token. */
  token?: string;
  /** Gets a token: before the first request, and whenever the service refuses the last one. */
  getToken?: () => string | Promise<string>;
  /** Remembers unfinished uploads, so that `upload` of the same file goes on after a restart. */
  store?: Store;
  /** Failures in a row, without a byte of progress between them, after which an upload gives up. 10 if left out. */
  retries?: number;
  /** Milliseconds of the first pause; each is twice as long as the one before, up to 30 s. 1000 if left out. */
  retryDelay?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Used instead of the global one. */
  fetch?: typeof fetch;
}

/** `localStorage`, a `Map`, or anything with their methods, which may return promises. */
export type Store = StorageLike | MapLike;

export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface MapLike {
  get(key: string): string | undefined | null | Promise<string | undefined | null>;
  set(key: string, value: string): unknown;
  delete(key: string): unknown;
  keys(): Iterable<string> | Promise<Iterable<string>>;
}

/**
 * What can be uploaded. A string is the path of a file, in Node. Of a stream, which can be read only once, `chunkSize`
 * bytes are kept in memory; it can't go on after a restart.
 */
export type UploadSource = Blob | ArrayBuffer | ArrayBufferView | string | URL | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;

export interface FileWishes {
  /** That of the `File` or path if left out. */
  name?: string;
  /** The declared media type; the service detects the real one. */
  type?: string;
  pipeline?: string;
  tags?: readonly string[];
  attributes?: Record<string, unknown>;
  visibility?: 'public' | 'private';
  expiresAt?: Date | string;
  /** Gets the events of this file, where the project allows its host. */
  webhookUrl?: string;
}

export interface UploadOptions extends FileWishes {
  /** Called often. `total` is undefined for a stream that has not ended. */
  onProgress?: (progress: { sent: number; total: number | undefined }) => void;
  /** Called when a resumable upload has its address, which `resume` takes. */
  onUploadUrl?: (uploadUrl: string) => void;
  /** Called before each pause, in milliseconds. */
  onRetry?: (retry: { error: PicassoError; attempt: number; pause: number }) => void;
  /** Aborting it pauses the upload: the service keeps what has arrived. */
  signal?: AbortSignal;
  /** Wait until the file is processed or failed. */
  wait?: boolean;
  /** Files up to so many bytes are sent in one request. 1 MiB if left out. */
  smallSize?: number;
  /** The most bytes in one request. If left out: all in one request, and 8 MiB of a stream. */
  chunkSize?: number;
  /** The key in the store. If left out: name, size, time and type of a `File`; path, size and time of a path. */
  fingerprint?: string;
}

export interface Derivative {
  role: string;
  url: string;
  media_type: string;
  size: number;
  width: number | null;
  height: number | null;
}

export interface FileInfo {
  id: string;
  /** The address of its bytes. That of a private file is a link, which expires. */
  file: string;
  name: string;
  size: number;
  media_type: string;
  declared_type: string;
  sha256: string;
  uploaded_at: string;
  state: 'pending' | 'processing' | 'processed' | 'failed';
  processed: boolean;
  visibility: 'public' | 'private';
  owner: string;
  expires_at: string | null;
  scan: string;
  quarantined: boolean;
  tags: string[];
  attributes: Record<string, unknown>;
  /** Facts about the content by processor. Not in lists, nor in the answer to an upload without `wait`. */
  facts?: Record<string, Record<string, unknown>>;
  derivatives?: Derivative[];
  /** Why processing failed. */
  error?: { code: string; detail: string } | null;
}

export interface FileChanges {
  name?: string;
  visibility?: 'public' | 'private';
  expires_at?: string | null;
  /** Replaces all tags. */
  tags?: readonly string[];
  /** Merged into the attributes; null removes a key. */
  attributes?: Record<string, unknown> | null;
}

/** As the parameters of `GET files/`: docs/lists.md. */
export interface FileFilters {
  state?: FileInfo['state'];
  processed?: boolean;
  media_type?: string | readonly string[];
  uploaded_after?: Date | string;
  uploaded_before?: Date | string;
  size_min?: number;
  size_max?: number;
  sha256?: string;
  name?: string;
  owner?: string;
  tag?: string;
  pipeline?: string;
  error?: string;
  attributes?: Record<string, string | number | boolean | null>;
  ordering?: 'uploaded_at' | '-uploaded_at' | 'size' | '-size' | 'name' | '-name';
  /** How many files one request asks for. */
  page_size?: number;
}

export interface UploadStatus {
  id: string;
  offset: number;
  length: number | null;
  complete: boolean;
  expires_at: string;
  file_id: string | null;
  tags: string[];
  attributes: Record<string, unknown>;
}

export interface UnfinishedUpload {
  uploadUrl: string;
  name: string;
  size: number | undefined;
  startedAt: Date;
}

export interface EventsOptions {
  /** Begin behind the event with this number (`seq`). If left out: with what happens from now on. */
  after?: number;
  /** As `file.processed`, or `file.*`. */
  types?: string | readonly string[];
  /** The id of a file. */
  file?: string;
  owner?: string;
  tag?: string;
  signal?: AbortSignal;
}

/** docs/events.md has the types and their `data`. */
export interface PicassoEvent {
  seq: number;
  type: `file.${string}` | `upload.${string}` | `job.${string}` | `import.${string}` | `webhook.${string}`;
  at: string;
  owner: string;
  tags: string[];
  media_type: string;
  pipeline: string;
  data: Record<string, unknown>;
}

/** Events were missed because the service keeps them no longer: read the state anew. */
export interface ResetEvent {
  type: 'reset';
  after: number;
}

export type FollowedEvent = PicassoEvent | ResetEvent;

/** Events in their order, none missed and none twice, over broken connections. It connects at once; iterate it one time. */
export class EventStream implements AsyncIterable<FollowedEvent> {
  private constructor();
  /** Fulfilled when it follows, with the number behind which it begins: nothing that happens after that is missed. */
  readonly opened: Promise<number>;
  close(): void;
  [Symbol.asyncIterator](): AsyncGenerator<FollowedEvent, void, undefined>;
}

export class Picasso {
  constructor(options?: PicassoOptions);

  /**
   * Upload a file, whatever happens to the connection. The same call after a restart goes on where the last one ended, if
   * there is a `store`. With a token that may not read files, a large file has only `id`, `name` and `size`.
   */
  upload(content: UploadSource, options?: UploadOptions): Promise<FileInfo>;
  /** Go on with an upload of the same content. */
  resume(uploadUrl: string, content: UploadSource, options?: UploadOptions): Promise<FileInfo>;
  /** How far an upload is. Interrupts nothing. */
  uploadStatus(uploadUrl: string, options?: Cancellable): Promise<UploadStatus>;
  /** Discard an unfinished upload. */
  cancel(uploadUrl: string, options?: Cancellable): Promise<void>;
  /** What the `store` knows of. */
  unfinished(): Promise<UnfinishedUpload[]>;

  /** All files that match, page by page. */
  files(filters?: FileFilters, options?: Cancellable): AsyncGenerator<FileInfo, void, undefined>;
  file(id: string, options?: Cancellable): Promise<FileInfo>;
  /** The file once it is processed or failed. Give a signal to limit the time: `AbortSignal.timeout(60_000)`. */
  wait(id: string, options?: Cancellable): Promise<FileInfo>;
  /** Change what is said of a file. A function gets the file as it is, and is called again if somebody else was faster. */
  update(id: string, changes: FileChanges | ((file: FileInfo) => FileChanges), options?: Cancellable): Promise<FileInfo>;
  /** Into the trash, if the project has one. */
  delete(id: string, options?: Cancellable & { permanently?: boolean }): Promise<void>;
  /** Out of the trash. */
  restore(id: string, options?: Cancellable): Promise<FileInfo>;

  events(options?: EventsOptions): EventStream;
}

export interface Cancellable {
  signal?: AbortSignal;
}

export interface FieldError {
  field: string;
  detail: string;
}

export interface PicassoErrorFields {
  status?: number;
  code: string;
  title?: string;
  detail: string;
  errors?: FieldError[];
  retryAfter?: number;
  isFromPicasso?: boolean;
  cause?: unknown;
}

/** An error answer, or no answer. (A signal that was aborted is thrown as its own reason, not as this.) */
export class PicassoError extends Error {
  constructor(fields: PicassoErrorFields);
  /** The status of HTTP; 0 without an answer. */
  status: number;
  /** The stable code: docs/errors.md. Of the client itself: `no-answer`, `not-picasso`, `unreadable`. */
  code: string;
  title: string;
  /** A sentence for people. */
  detail: string;
  /** What is wrong with which field of the request. */
  errors: FieldError[];
  /** Seconds. */
  retryAfter: number | undefined;
  /** Whether the answer is Picasso's own; otherwise it is a proxy's. */
  isFromPicasso: boolean;
  /** The address of the upload that can be resumed. */
  uploadUrl: string | undefined;
  /** Whether the same request may succeed later. */
  get isTemporary(): boolean;
}

/** What a store keeps of an upload. */
export interface Unfinished {
  id: string | undefined;
  key: string;
  sample: number | undefined;
  name: string;
  size: number | undefined;
  at: number;
  /** Whether tags and attributes are said at the end. */
  brief?: boolean;
}
