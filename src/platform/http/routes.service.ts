import { Injectable, RequestMethod, type OnApplicationBootstrap } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { Route } from './route.js';
import { routeOf } from './serve.decorator.js';

/** All routes that are served, found where they are served, so that the document and the server cannot differ. */
@Injectable()
export class RoutesService implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** A handler under /api/ that was not declared with its rule stops the start. */
  onApplicationBootstrap(): void {
    const bare = this.handlers().filter(
      ({ handler, path }) => path.startsWith('/api/') && routeOf(handler) === null,
    );
    const [first] = bare;
    if (first !== undefined)
      throw new Error(`${first.path} is served without a route: declare it with @Serve`);
    const ids = this.list().map((route) => route.id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) throw new Error(`Two routes are called ${twice}`);
  }

  list(): Route[] {
    return this.handlers().flatMap(({ handler }) => routeOf(handler) ?? []);
  }

  private handlers(): { handler: object; path: string }[] {
    return this.discovery.getControllers().flatMap(({ instance, metatype }) => {
      if (typeof instance !== 'object' || instance === null || metatype === null) return [];
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown>;
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name];
        if (typeof handler !== 'function') return [];
        const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
        if (typeof method !== 'number' || RequestMethod[method] === undefined) return [];
        const path = joined(
          Reflect.getMetadata(PATH_METADATA, metatype),
          Reflect.getMetadata(PATH_METADATA, handler),
        );
        return [{ handler, path }];
      });
    });
  }
}

function joined(...parts: unknown[]): string {
  const texts = parts.filter((part) => typeof part === 'string').flatMap((part) => part.split('/'));
  return `/${texts.filter((part) => part !== '').join('/')}`;
}
