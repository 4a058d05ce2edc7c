{{/*
Ports that the settings ask for, each list as YAML and each port once (ops/chart/network-policy.int-spec.ts walks the settings). All
are ports of URLs; where a URL has none, its scheme's.
*/}}

{{/* The port of a web address. Call with "https://host". */}}
{{- define "segl.webPortOf" -}}
{{- include "segl.portOf" (list . (ternary 80 443 (hasPrefix "http:" .))) -}}
{{- end -}}

{{/* Next hops, as libs/mail/src/outbound/relay-url.ts reads them: several with spaces between. */}}
{{- define "segl.relayPorts" -}}
{{- $ports := list -}}
{{- range regexSplit "\\s+" (trim .Values.relayUrl) -1 -}}
  {{- $default := ternary 465 (ternary 25 587 (hasPrefix "mx:" .)) (hasPrefix "smtps:" .) -}}
  {{- if regexMatch "^smtp://([^@/]*@)?(localhost|127\\.[0-9.]+|\\[::1\\])(:|/|\\?|$)" . }}{{ $default = 25 }}{{ end -}}
  {{- $ports = append $ports (include "segl.portOf" (list . $default) | int) -}}
{{- end -}}
{{- $ports | uniq | toYaml -}}
{{- end -}}

{{/* Whether a console writes mail to those who run the installation: a word, or nothing (libs/installation/src/roles.ts). */}}
{{- define "segl.writesToItsOwn" -}}
{{- if or (dig "console" "noticesTo" list .Values.settings) (dig "ledger" "checkpointMail" "" .Values.settings) -}}yes{{- end -}}
{{- end -}}

{{/* Where a portal asks who somebody is: ports, and addresses within that `networkPolicy.providersTo` leaves out. */}}
{{- define "segl.providers" -}}
{{- $signIn := .Values.settings.signIn | default dict -}}
{{- $providers := concat ($signIn.microsoft | default list) ($signIn.google | default list) ($signIn.organisation | default list) -}}
{{- with $signIn.otherIssuer }}{{ $providers = append $providers . }}{{ end -}}
{{- $ports := list -}}
{{- $addresses := list -}}
{{- range $providers -}}
  {{- $ports = append $ports (include "segl.webPortOf" (.issuer | default .authority | default "https://public") | int) -}}
  {{- range .hosts }}{{ $ports = append $ports (include "segl.webPortOf" (printf "https://%s" .) | int) }}{{ end -}}
  {{- range .privateAddresses -}}
    {{- $length := ternary "128" "32" (contains ":" .) -}}
    {{- $addresses = append $addresses (ternary . (printf "%s/%s" . $length) (contains "/" .)) -}}
  {{- end -}}
{{- end -}}
{{- dict "ports" (uniq $ports) "privateAddresses" (uniq $addresses) | toYaml -}}
{{- end -}}

{{/* Whatever else a component speaks to, wherever that is. Call with (list $ roles). */}}
{{- define "segl.spokenTo" -}}
{{- $root := index . 0 -}}
{{- $roles := index . 1 -}}
{{- $settings := $root.Values.settings -}}
{{- $urls := list -}}
{{- if has "gateway" $roles -}}
  {{- range dig "signIn" "clients" list $settings }}{{ with .webhook }}{{ $urls = append $urls .url }}{{ end }}{{ end -}}
  {{- if gt (int (dig "canary" "everySeconds" 0 $settings)) 0 }}{{ $urls = append $urls $root.Values.publicUrl }}{{ end -}}
{{- end -}}
{{- if has "console" $roles -}}
  {{- range dig "ledger" "witnesses" list $settings -}}
    {{- with .url }}{{ $urls = append $urls . }}{{ end -}}
    {{- with .monitoringUrl }}{{ $urls = append $urls . }}{{ end -}}
  {{- end -}}
  {{- with dig "ledger" "checkpointUrl" "" $settings }}{{ $urls = append $urls . }}{{ end -}}
  {{- with dig "console" "portalUrl" "" $settings }}{{ $urls = append $urls . }}{{ end -}}
{{- end -}}
{{- $ports := list -}}
{{- range $urls }}{{ $ports = append $ports (include "segl.webPortOf" . | int) }}{{ end -}}
{{- $ports | uniq | toYaml -}}
{{- end -}}
