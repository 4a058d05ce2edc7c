import { Controller, Get, Header } from '@nestjs/common';
import { auditApi } from '#libs/audit-api';
import { sealingApi, SubmissionSettings } from '#libs/gateway';

const { flows, ...oauth2 } = sealingApi.components.securitySchemes.oauth2;
const audit = auditApi.components.securitySchemes.oauth2.flows.clientCredentials;

/** The whole API in one document, whichever process serves which part of it. */
export const API_DOCUMENT = {
  ...sealingApi,
  paths: { ...sealingApi.paths, ...auditApi.paths },
  components: {
    parameters: sealingApi.components.parameters,
    securitySchemes: {
      oauth2: {
        ...oauth2,
        flows: {
          clientCredentials: {
            ...flows.clientCredentials,
            scopes: { ...flows.clientCredentials.scopes, ...audit.scopes },
          },
        },
      },
    },
    schemas: { ...sealingApi.components.schemas, ...auditApi.components.schemas },
  },
} as const;

@Controller('api/v1')
export class ApiDocumentController {
  constructor(private readonly settings: SubmissionSettings) {}

  @Get('openapi.json')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  document() {
    return { ...API_DOCUMENT, servers: [{ url: this.settings.publicUrl.href.replace(/\/$/, '') }] };
  }
}
