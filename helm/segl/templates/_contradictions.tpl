{{/*
Settings that are each well in themselves, and that the appliance refuses together (78): as libs/installation/src/settings/contradictions.ts
does, for what is common and needs no file to be read. A list, as YAML; ops/chart/contradictions.int-spec.ts holds both to it.
*/}}
{{- define "segl.contradictions" -}}
{{- $s := .Values.settings -}}
{{- $faults := list -}}
{{- $clients := dig "smtp" "clients" list $s -}}
{{- $mail := dig "sealing" "maxMailBytes" 26214400 $s | float64 -}}
{{- $onItsWay := addf (mulf $mail 1.01) 65536 -}}
{{- if and .Values.publicUrl (has (include "segl.host" .) ($s.formerHosts | default list)) -}}
  {{- $faults = append $faults "settings.formerHosts: names the host of publicUrl, which readers would be led away from for ever" -}}
{{- end -}}
{{- if lt (dig "uploads" "maxBytes" 134217728 $s | float64) $onItsWay -}}
  {{- $faults = append $faults (printf "settings.uploads.maxBytes: must hold at least one mail of the largest size, settings.sealing.maxMailBytes (%.0f), and somewhat more: %.0f" $mail $onItsWay) -}}
{{- end -}}
{{- if lt (mulf (dig "portal" "ephemeralMaxBytes" 536870912 $s | float64) 0.9375) $onItsWay -}}
  {{- $faults = append $faults (printf "settings.portal.ephemeralMaxBytes: 15/16 of it must hold at least one mail of the largest size, settings.sealing.maxMailBytes (%.0f), and somewhat more: %.0f" $mail $onItsWay) -}}
{{- end -}}
{{- if and (dig "ledger" "witnesses" list $s) (not (dig "ledger" "directory" "" $s)) -}}
  {{- $faults = append $faults "settings.ledger.witnesses: needs settings.ledger.directory, where the checkpoints stand that they have signed" -}}
{{- end -}}
{{- if ne (empty (dig "relay" "clientCertificateFile" "" $s)) (empty (dig "relay" "clientKeyFile" "" $s)) -}}
  {{- $faults = append $faults "settings.relay.clientCertificateFile: a certificate and its key (settings.relay.clientKeyFile) go together" -}}
{{- end -}}
{{- if gt (int (dig "canary" "everySeconds" 0 $s)) 0 -}}
  {{- if and (dig "canary" "address" "" $s) (not $clients) -}}
    {{- $faults = append $faults "settings.canary.address: its mail comes in over SMTP, and settings.smtp.clients names nobody" -}}
  {{- end -}}
  {{- if dig "signIn" "otherIssuer" dict $s -}}
    {{- $faults = append $faults "settings.canary.everySeconds: the canary proves its address by a code, and settings.signIn.otherIssuer has none" -}}
  {{- end -}}
{{- end -}}
{{- if and (dig "gateway" "bounceAddress" "" $s) (not $clients) -}}
  {{- $faults = append $faults "settings.gateway.bounceAddress: bounces come in over SMTP, and settings.smtp.clients names nobody" -}}
{{- end -}}
{{- if $clients -}}{{- $faults = concat $faults (include "segl.contradictionsOfMailIn" . | fromYamlArray) -}}{{- end -}}
{{- toYaml $faults -}}
{{- end -}}

{{- define "segl.contradictionsOfMailIn" -}}
{{- $smtp := .Values.settings.smtp -}}
{{- $faults := list -}}
{{- $certificate := $smtp.certificateFile | default "" -}}
{{- $key := $smtp.privateKeyFile | default "" -}}
{{- if ne (empty $certificate) (empty $key) -}}
  {{- $faults = append $faults "settings.smtp.certificateFile: a certificate and its key (settings.smtp.privateKeyFile) go together" -}}
{{- else if and (empty $certificate) (not $smtp.withoutTls) -}}
  {{- $faults = append $faults "settings.smtp.certificateFile: is missing; mail comes in under TLS, unless settings.smtp.withoutTls says that you answer for the network" -}}
{{- end -}}
{{- if lt ($smtp.maxBytesUnderWay | default 536870912 | float64) (dig "sealing" "maxMailBytes" 26214400 .Values.settings | float64) -}}
  {{- $faults = append $faults "settings.smtp.maxBytesUnderWay: must hold at least one mail of the largest size (settings.sealing.maxMailBytes)" -}}
{{- end -}}
{{- $ids := list -}}
{{- range $smtp.clients -}}
  {{- if has .clientId $ids }}{{ $faults = append $faults (printf "settings.smtp.clients: %s stands twice" .clientId) }}{{ end -}}
  {{- $ids = append $ids .clientId -}}
  {{- $needsTls := or .passwordHash .certificateNames .certificateFingerprints -}}
  {{- if not (or .networks $needsTls) -}}
    {{- $faults = append $faults (printf "settings.smtp.clients: %s cannot be known: it needs networks, a passwordHash or a certificate" .clientId) -}}
  {{- end -}}
  {{- if and $needsTls (empty $certificate) -}}
    {{- $faults = append $faults (printf "settings.smtp.clients: %s logs in or shows a certificate under TLS alone: settings.smtp.certificateFile is missing" .clientId) -}}
  {{- end -}}
  {{- if and .certificateNames (not $smtp.clientAuthoritiesFile) -}}
    {{- $faults = append $faults (printf "settings.smtp.clients: %s has certificateNames, and no settings.smtp.clientAuthoritiesFile vouches for a name" .clientId) -}}
  {{- end -}}
{{- end -}}
{{- toYaml $faults -}}
{{- end -}}
