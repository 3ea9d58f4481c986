import rest from '../connectors/rest/index.js';
import type { Connector } from './connector-spi/connector.js';

/** Every kind of system that can be pulled. A new folder under connectors/ is one line here. */
export const CONNECTORS: ReadonlyMap<string, Connector> = new Map([rest].map((one) => [one.id, one]));
