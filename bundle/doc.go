// Package bundle reads what is enforced: a directory of accounts, users,
// groups, roles, providers and policies, and the files of secrets beside it: those
// of access keys and MFA devices, and that of the keys of temporary credentials.
// The result is a [Snapshot], compiled and immutable. A [Manager] keeps the newest
// one that is whole behind an atomic pointer.
//
// # Layout
//
// A file's place says what it is; policy documents are JSON exactly as AWS
// shows it.
//
//	bundle.yaml                                    accounts, owners of buckets, certificates, assumptions
//	accounts/ACCOUNT/users/NAME.yaml               a user: id, path, tags, groups, boundary, attached
//	accounts/ACCOUNT/users/NAME/POLICY.json        an inline policy of the user
//	accounts/ACCOUNT/groups/NAME.yaml              a group: id, path, attached
//	accounts/ACCOUNT/groups/NAME/POLICY.json       an inline policy of the group
//	accounts/ACCOUNT/roles/NAME.yaml               a role: id, path, tags, boundary, attached
//	accounts/ACCOUNT/roles/NAME.trust.json         who may assume the role
//	accounts/ACCOUNT/roles/NAME/POLICY.json        an inline policy of the role
//	accounts/ACCOUNT/policies/NAME.json            a managed policy; NAME.yaml for its path, id and tags
//	accounts/aws/policies/NAME.json                an AWS managed policy in use
//	accounts/ACCOUNT/oidc-providers/NAME.yaml      an OpenID Connect provider; NAME.jwks.json for its keys
//	accounts/ACCOUNT/saml-providers/NAME.xml       the metadata of a SAML provider
//	accounts/ACCOUNT/resources/s3/BUCKET.json      the policy of a bucket
//	accounts/ACCOUNT/resources/s3/BUCKET.yaml      its tags
//
// Whatever else stands in the directory is an error: a policy that is in the
// wrong place must not look as if it were enforced. Left alone are hidden files
// and directories (their name begins with "."), files named README with any
// ending but .json and .yaml, and what editors leave for a moment (NAME~,
// NAME.swp, #NAME#).
//
// YAML is read strictly: unknown and duplicate keys, values of another type,
// anchors, aliases, merge keys and tags are errors with line and column.
//
// # Symbolic links
//
// The directory itself may be reached through symbolic links; a change of one is
// an atomic swap and loaded at once. Inside it links are refused, but for
// the form in which Kubernetes mounts a ConfigMap or Secret: NAME → ..data/NAME
// and ..data → a directory beside it, which is a swap too.
//
// # Revision
//
// A revision is the first 16 hexadecimal digits of the SHA-256 of the lines that
// sha256sum prints for the files read, sorted by path:
//
//	cd bundle && find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum
//
// (of a directory without files that are left alone). Keys are not part of it. A
// generation counts the swaps of a Manager, of bundle and keys alike.
package bundle
