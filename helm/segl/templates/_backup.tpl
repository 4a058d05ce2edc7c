{{/*
Runs beside the appliance in its one pod: a backup each night, and no more than those of some days. It ends within a moment, since a shell that
waits for a child hears no signal, and one that waits in `wait` does. What is older goes after a whole one alone.
*/}}
{{- define "segl.backupScript" -}}
set -u
umask 077
trap 'exit 0' TERM INT
while :; do
  now=$(date -u +%s)
  next=$(date -u -d 'today {{ .Values.backup.at }}' +%s)
  [ "$next" -gt "$now" ] || next=$((next + 86400))
  sleep $((next - now)) &
  wait $!
  segl backup "/backups/segl-$(date -u +%F-%H%M%S).age" --recipients-file /etc/segl/backup-recipients &
  if wait $!; then
    find /backups -maxdepth 1 -name 'segl-*.age*' -mtime +{{ .Values.backup.keepDays }} -delete
  else
    echo 'segl: no backup was made; the next try is tomorrow' >&2
  fi
done
{{- end -}}
