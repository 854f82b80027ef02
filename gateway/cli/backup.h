/* backup.h - what a backup is: a folder with store/, trace/, checkpoints/, guard.json, public-keys.json, keys/ when
 * it was asked for, and the manifest {"format","name","program","at","journal":{"size","root"},"files":[{"path",
 * "bytes","sha256"}]}, which is written last. */
#ifndef GATEWAY_CLI_BACKUP_H
#define GATEWAY_CLI_BACKUP_H

#define BACKUP_MANIFEST "manifest.json"
enum { BACKUP_FORMAT = 1 };

#endif
