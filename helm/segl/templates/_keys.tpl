{{/*
What a role reads of a keyring, as file names: no more of it comes into a pod of that role. A test holds it against
libs/installation/src/roles.ts. Marks of destroyed keys are for all, so that no version is used again.
*/}}
{{- define "segl.keysOf" -}}
{{- $patterns := dict
  "portal" (list "sealing-*" "manifest-*.pub" "oidc-*" "oidc-rsa-*" "cookies-*" "person-wrapping-*" "person-index-*" "ephemeral-*" "dkim-rsa-*" "dkim-eddsa-*")
  "gateway" (list "sealing-*.pub" "manifest-*" "oidc-*.pub" "person-wrapping-*" "person-index-*" "ephemeral-*" "dkim-rsa-*" "dkim-eddsa-*" "bounces-*")
  "console" (list "ledger-*" "oidc-*.pub" "cookies-*" "person-wrapping-*" "person-index-*" "ephemeral-*") -}}
{{- $all := list "*.destroyed" -}}
{{- range . }}{{ $all = concat $all (get $patterns .) }}{{ end -}}
{{- $all | uniq | join " " -}}
{{- end -}}

{{/* Where the keys come from, as a volume: a Secret, or what an external secret store mounts. Empty: they are made once. */}}
{{- define "segl.keysVolume" -}}
{{- if .Values.keys.existingSecret -}}
secret: { secretName: {{ .Values.keys.existingSecret | quote }} }
{{- else -}}
{{- with .Values.keys.volume }}{{ toYaml . }}{{ end -}}
{{- end -}}
{{- end -}}

{{/*
Runs before the appliance. The keyring asks that its files belong to the user of the process and to nobody else; a mounted
Secret's belong to root, and a volume's are opened to a group by the kubelet. A copy cannot be written to: a key that "segl keys rotate"
made in it would be sealed to at once, and gone with the pod. Call with (list $ roles).
*/}}
{{- define "segl.keysScript" -}}
{{- $root := index . 0 -}}
set -eu
umask 077
{{- if include "segl.keysVolume" $root }}
if [ -e /run/segl/keyring ]; then chmod -R u+w /run/segl/keyring; fi
rm -rf /run/segl/keyring
mkdir /run/segl/keyring
cd /keys
# Not quoted: each word is a pattern, and one that fits nothing stays as it is and is passed over. Several may fit one file (oidc-* and
# oidc-rsa-*), and what was copied from a file that nobody may write to cannot be written to again.
for file in {{ include "segl.keysOf" (index . 1) }}; do
  if [ -f "$file" ] && [ ! -e "/run/segl/keyring/$file" ]; then cp -- "$file" /run/segl/keyring/; fi
done
find /run/segl/keyring -type f -exec chmod 400 {} +
chmod 500 /run/segl/keyring
{{- else }}
cd /var/lib/segl
mkdir -p keyring data
chmod -R go-rwx keyring data
set -- keyring/*.key keyring/*.pub keyring/*.destroyed
found=no
for file; do if [ -e "$file" ]; then found=yes; fi; done
if [ "$found" = no ] && [ -e data/events.sqlite ]; then
  echo 'segl: there is a record in data/ and no key in keyring/: restore the keyring from its copy; other keys would open nothing' >&2
  exit 78
fi
if [ "$found" = no ] || [ -e keyring/.unfinished ]; then segl keys init --keyring /var/lib/segl/keyring; fi
{{- end }}
{{- if $root.Values.eventStore.existingSecret }}
cp -- /credentials/credentials /run/segl/event-store-credentials
chmod 600 /run/segl/event-store-credentials
{{- end }}
{{- end -}}
