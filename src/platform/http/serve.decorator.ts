import {
  createParamDecorator,
  Delete,
  Get,
  Post,
  Put,
  Res,
  SetMetadata,
  type ExecutionContext,
} from '@nestjs/common';
import type { z } from 'zod';
import type { AnyRoute, ApiRequest, Call, Reply, Route } from './route.js';

const ROUTE = 'enishi:route';
const METHODS = { get: Get, post: Post, put: Put, delete: Delete } as const;

const CallOf = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<ApiRequest>().call,
);

type Handler<R extends AnyRoute> = (call: Call<R>) => Promise<Answered<R> | Reply<Answered<R>>>;

/** What a handler of the route gives back. */
export type Answered<R> = R extends Route<z.ZodObject, z.ZodObject, z.ZodType, infer T> ? T : never;

/** Listens to a route. The method gets one argument, the checked call, and gives back what the route answers. */
export function Serve<R extends AnyRoute>(route: R) {
  return <H extends Handler<R>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<H>,
  ): void => {
    METHODS[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'))(target, key, descriptor);
    SetMetadata(ROUTE, route)(target, key, descriptor);
    CallOf()(target, key, 0);
    // Nest leaves the response to us: statuses, headers and streams are the interceptor's.
    Res()(target, key, 1);
  };
}

/** The route that a handler was declared with, or null. */
export function routeOf(handler: object): Route | null {
  const route: unknown = Reflect.getMetadata(ROUTE, handler);
  return isRoute(route) ? route : null;
}

function isRoute(value: unknown): value is Route {
  return typeof value === 'object' && value !== null && 'id' in value && 'answer' in value;
}
