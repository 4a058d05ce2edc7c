{{/*
Which path goes to which role, as in libs/installation/src/roles.ts (a test holds it); everything else is the portal's, which
answers 404 to what is nobody's. What is for those who watch is on another port, and no path leads there.
*/}}
{{- define "segl.publicPaths" -}}
{{- if eq .Values.mode "cluster" }}
- { path: /api/v1/messages, serves: gateway }
- { path: /api/v1/openapi.json, serves: gateway }
- { path: /api/v1/audit, serves: console }
- { path: /console, serves: console }
{{- end }}
- { path: /, serves: {{ include "segl.serves" (list . "portal") }} }
{{- end -}}
