import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AppError } from '../../domain/app-error.js';
import { accessRule } from '../auth/access.js';
import { ApiKeysService, type Caller } from '../auth/api-keys.service.js';
import { RateLimitsService } from './rate-limits.service.js';
import type { ApiRequest, Route } from './route.js';
import { routeOf } from './serve.decorator.js';

/** Who calls, how often, and whether this route is for them; before a byte of the body is read. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly rates: RateLimitsService,
  ) {}

  /** @throws KEY_MISSING, KEY_INVALID, RATE_LIMITED, FORBIDDEN, GROUP_ONLY */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = routeOf(context.getHandler());
    // Pages and health checks have rules of their own; nothing under /api/ is served without a route (see RoutesService).
    if (route === null) return true;
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const caller = await this.callerOf(request);
    await this.rates.take(route.rate, caller.keyId);
    checkRole(route, caller);
    request.caller = caller;
    return true;
  }

  /** Somebody who tries keys out is slowed down; a right key is never held up by them. */
  private async callerOf(request: ApiRequest): Promise<Caller> {
    try {
      return await this.keys.authenticate(request.headers.authorization);
    } catch (error) {
      if (error instanceof AppError)
        await this.rates.take('stranger', request.socket.remoteAddress ?? 'unknown');
      throw error;
    }
  }
}

function checkRole(route: Route, caller: Caller): void {
  const rule = accessRule(route.id);
  if (!rule.roles.includes(caller.role)) {
    throw new AppError('FORBIDDEN', { details: { role: caller.role, expected: rule.roles.join(', ') } });
  }
  if (rule.reach === 'group' && caller.company !== null) throw new AppError('GROUP_ONLY');
}
