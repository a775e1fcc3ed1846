package s3

import "strings"

// effect is a set of further actions that headers ask for.
type effect uint16

const (
	effectACL effect = 1 << iota
	effectTagging
	effectRetention
	effectLegalHold
	effectBypass
	effectIfMatch
	effectBucketACL
	effectBucketLock
	effectBucketOwnership
	// takesACL: the ACL headers are the operation's own argument and add
	// nothing to its action.
	takesACL

	effectsOfObject = effectACL | effectTagging | effectRetention | effectLegalHold
)

// headerEffect is a further effect of headers.
type headerEffect struct {
	effect  effect
	headers []header
	// applies tells whether the headers ask for anything; nil: they do by
	// being there.
	applies func(r *request) bool
	actions []string
	version []string // instead of actions, with versionId
	note    string   // for the reference
}

// effects is what headers ask for beyond the operation. An operation that has
// none of the effects of a header that is sent is refused: what the upstream
// makes of the header there is not decided.
var effects = []headerEffect{
	{effect: effectACL, headers: aclHeaders, actions: acts("s3:PutObjectAcl")},
	{effect: effectTagging, headers: []header{hTagging}, actions: acts("s3:PutObjectTagging")},
	{effect: effectRetention, headers: lockHeaders, actions: acts("s3:PutObjectRetention")},
	{effect: effectLegalHold, headers: []header{hLegalHold}, actions: acts("s3:PutObjectLegalHold")},
	{effect: effectBypass, headers: []header{hBypassGovernance}, applies: isTrue(hBypassGovernance),
		actions: acts("s3:BypassGovernanceRetention"), note: "if it is true"},
	// A precondition on an ETag would otherwise tell an object's ETag, by
	// trial, to who may write it and not read it.
	{effect: effectIfMatch, headers: []header{hIfMatch}, applies: matchesETag,
		actions: acts("s3:GetObject"), version: acts("s3:GetObjectVersion"), note: "if it is an ETag"},
	{effect: effectBucketACL, headers: aclHeaders, applies: opensBucket, actions: acts("s3:PutBucketAcl"), note: "unless it is the ACL `private`"},
	{effect: effectBucketLock, headers: []header{hBucketObjectLockEnabled}, applies: isTrue(hBucketObjectLockEnabled),
		actions: acts("s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"), note: "if it is true"},
	{effect: effectBucketOwnership, headers: []header{hObjectOwnership}, actions: acts("s3:PutBucketOwnershipControls")},
	{effect: takesACL, headers: aclHeaders},
}

var (
	grantHeaders = []header{hGrantRead, hGrantWrite, hGrantReadACP, hGrantWriteACP, hGrantFullControl}
	aclHeaders   = append([]header{hACL}, grantHeaders...)
	// contentHeaders are the headers whose values are read.
	contentHeaders = append([]header{hTagging, hLegalHold}, lockHeaders...)
	lockHeaders    = []header{hLockMode, hLockRetainUntil, hEventHold, hEventHoldDays, hEventHoldYears}
)

func isTrue(h header) func(*request) bool {
	return func(r *request) bool { return strings.EqualFold(r.header(h), "true") }
}

func matchesETag(r *request) bool { return r.header(hIfMatch) != "*" }

// opensBucket tells whether the ACL headers give a new bucket more than the
// private ACL that it has without them.
func opensBucket(r *request) bool {
	if r.hasHeader(hACL) && r.header(hACL) != "private" {
		return true
	}
	return r.hasAny(grantHeaders)
}

// opensToOthers tells whether the ACL headers let others in than the owners of
// object and bucket.
func (r *request) opensToOthers() bool {
	if acl := r.header(hACL); r.hasHeader(hACL) && acl != "private" && acl != "bucket-owner-full-control" {
		return true
	}
	return r.hasAny(grantHeaders)
}
