import { afterAll, afterEach, beforeAll } from '@jest/globals';
import nock from 'nock';

// nock takes over every socket of the process as soon as it is loaded, PostgreSQL's too: only who asks shall have it.
nock.restore();

/**
 * Gives the calling spec file recorded HTTP answers; calls to anything else but this machine are refused.
 * The http module is shared by all spec files of a worker: without the give-back the next file is answered 501.
 */
export function useNock(): typeof nock {
  beforeAll(() => {
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
    nock.enableNetConnect('127.0.0.1');
  });
  afterEach(() => nock.cleanAll());
  afterAll(() => {
    nock.enableNetConnect();
    nock.restore();
  });
  return nock;
}
