import { afterAll, beforeAll } from '@jest/globals';
import nock from 'nock';

// nock patches the http module that all spec files of a worker share: without this the second file is answered 501.
beforeAll(() => {
  if (!nock.isActive()) nock.activate();
});

afterAll(() => {
  nock.cleanAll();
  nock.restore();
});
