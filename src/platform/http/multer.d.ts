/** The part of multer 2.5 that we use; it ships no types. */
declare module 'multer' {
  import type { IncomingMessage } from 'node:http';
  import type { Readable, Writable } from 'node:stream';

  interface PartFile {
    readonly fieldname: string;
    readonly originalname: string;
    readonly stream: Readable;
  }
  interface StorageEngine {
    _handleFile(
      request: IncomingMessage,
      file: PartFile,
      done: (error: Error | null, info?: object) => void,
    ): void;
    _removeFile(request: IncomingMessage, file: PartFile, done: (error: Error | null) => void): void;
  }
  interface Options {
    readonly storage: StorageEngine;
    readonly limits: Readonly<Record<string, number>>;
    readonly streamHandler: (request: IncomingMessage, parser: Writable) => void;
  }
  type Middleware = (request: IncomingMessage, response: null, next: (error?: unknown) => void) => void;

  function multer(options: Options): { single(field: string): Middleware };
  export = multer;
}
