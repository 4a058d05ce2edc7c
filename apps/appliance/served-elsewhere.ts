import type { RequestHandler } from 'express';
import { discardRest, isAt, isBelow, PageError } from '#libs/web-ui';

/**
 * What another role serves is not here: 404, in words from which an operator sees that the proxy leads to the wrong process.
 * Stands behind what installWebUi puts in front of every page.
 *
 * @param paths each with all that lies below it; `/` is the start page alone
 */
export function servedElsewhere(paths: readonly string[]): RequestHandler {
  return (request, response, next) => {
    if (!isAt(request.path, paths) && !isBelow(request.path, paths)) return next();
    discardRest(request, response);
    next(new PageError(404, 'role.servedElsewhere'));
  };
}
