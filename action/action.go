// Package action answers which accesses a request amounts to, and what must be
// read of it to know them. A mapper for each protocol lives in a package below
// this one; this package is what they and the enforcement point share.
package action

import (
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// Mapper turns requests of one service into operations and accesses. Mappers
// hold no state of a request and are safe for concurrent use.
type Mapper interface {
	// Recognise tells the operation from the request line and the fields
	// alone, before anything is believed. What it does not know, it refuses.
	Recognise(req *wire.Request, place Place) (Operation, *wire.Refusal)
	// Map tells the accesses of an operation that Recognise returned for the
	// same request. body is the verified body if op.Body is BodyDecides and
	// nil otherwise. The result has at least one access.
	Map(req *wire.Request, op *Operation, place Place, body []byte) (Mapped, *wire.Refusal)
}

// Place is where the route put a request.
type Place struct {
	// Route is the route's name.
	Route string
	// Bucket is the bucket a virtual host names; empty in path style.
	Bucket string
	// Partition is the ARN partition, e.g. "aws".
	Partition string
	// Region is the region of the route's endpoint.
	Region string
	// Account guards the route: if set, resources of other accounts are
	// refused (S3), or it is the owner (services whose ARNs carry it).
	Account string
	// Caller is the caller's account for resources that belong to whoever
	// asks; empty if anonymous or not yet known.
	Caller string
	// Now is the request's one clock reading, for condition keys that count
	// from it.
	Now time.Time
	// Owner tells the account that owns a bucket on a route. ok is false if no
	// rule gives it one.
	Owner func(route, bucket string) (account string, ok bool)
	// Policy tells the policy of a bucket as it is enforced, and whether it is
	// public; ok is false if the bucket has none. nil refuses to tell.
	Policy func(bucket string) (text string, public, ok bool)
}

// BodyUse is what the enforcement point does with a request's body.
type BodyUse uint8

const (
	// BodyNone: the operation has no body; one that comes is refused.
	BodyNone BodyUse = iota
	// BodyStreams: the body flows to the upstream while it is verified.
	BodyStreams
	// BodyDecides: the accesses follow from the body, which is read and
	// verified before mapping.
	BodyDecides
	// BodyForm: the body is a form. Its fields are read first, and
	// Operation.FromForm makes of them the request that is mapped and goes on,
	// with the form's file as its body.
	BodyForm
	// BodyAuthenticates: the body is read before the caller is known, since the
	// signature covers its hash, which no field states, or since it holds the
	// credential itself. Operation.FromBody completes the operation, which is
	// decided from the body, too.
	BodyAuthenticates
)

// Operation is what a request asks for, as far as its header tells.
type Operation struct {
	// Name is AWS's name of the operation, e.g. "GetObject".
	Name string
	// Bucket and Key are the addressed resource, decoded once.
	Bucket, Key string
	// Body is the use of the body, BodyLimit its greatest size in decoded
	// bytes.
	Body BodyUse
	// Chunked tells that aws-chunked payloads are allowed.
	Chunked   bool
	BodyLimit int64
	// FromForm is set if Body is BodyForm, FromBody if it is BodyAuthenticates.
	FromForm FromForm
	FromBody FromBody
	// Mapper is the mapper's own: its row of the operation table.
	Mapper any
}

// Release gives back to the mapper the memory of an operation, and of what Map
// made of it. Neither may be used afterwards, but for texts. It need not be called.
func (o *Operation) Release() {
	if r, ok := o.Mapper.(interface{ Release() }); ok {
		r.Release()
	}
	*o = Operation{}
}

// FromForm is the named rewrite of an upload by a form: it makes of the fields
// (names in lower case, none twice, those of the authentication left out) the
// request without a form that does the same.
// That request is for Recognise and Map, at the same place. The request and the
// fields given are not changed.
type FromForm func(req *wire.Request, place Place, bucket string, fields wire.Fields) (Upload, *wire.Refusal)

// FromBody tells the operation, its Name included, from the body of the request
// too, and the credential that the body holds. The body is not verified yet;
// nothing is to be believed of it but what it asks for.
type FromBody func(req *wire.Request, op *Operation, body []byte) (Credential, *wire.Refusal)

// Upload is what a form stands for.
type Upload struct {
	// Request is the request without a form; it has no body yet.
	Request *wire.Request
	// Answer is the named rewrite of the upstream's successful answer to
	// Request: the one that the form asks for. It closes the body of the answer
	// given.
	Answer func(*wire.Response) *wire.Response
}

// Mapped is what an operation amounts to.
type Mapped struct {
	// Accesses must all be allowed, except where PerItem is set.
	Accesses []authz.Access
	// PerItem is set where the protocol answers for each item by itself.
	PerItem PerItem
	// Disclosure, if set, is the access without which a caller may not learn
	// that a resource is missing: the upstream's 404 becomes a 403.
	Disclosure *authz.Access
	// Objects, if set, names for each access the object whose tags are read where
	// the decision Needs ObjectTags. Equal ones need to be read once.
	Objects []Object
	// TagsOf, if set, is the object whose tags the request copies: they are read
	// where a decision Needs RequestTags, and where IfTagged asks for it.
	TagsOf *Object
	// IfTagged is how many of the Accesses, the last ones, must be allowed only
	// if TagsOf has tags; the first of them is to read these. Their RequestTags are
	// filled when those were read.
	IfTagged int
	// Assume, if set, is what the caller asks to become, of which the Accesses are
	// the beginning: what must be allowed follows from the role.
	Assume *Assumption
	// Answer, if set, is what an allowed request is answered with, and the
	// upstream is not asked.
	Answer *Answer
	// Response, if set, is the named rewrite of the upstream's successful
	// answer: it gets the whole body (at most ResponseLimit bytes) and returns
	// the one for the client.
	Response func(body []byte) ([]byte, error)
	// Withholds tells that Response takes out what is not the caller's to see. A
	// door that cannot change answers must not let the operation pass then; what
	// else Response does, it may do without.
	Withholds bool
	// Undecided tells that the operation needs no permission and nothing can deny
	// it: its accesses are recorded and not decided.
	Undecided bool
}

// Answer is an answer that follows from what is enforced.
type Answer struct {
	// Refusal is that of a request that cannot be served although it is allowed;
	// nil for a success.
	Refusal *wire.Refusal
	// ContentType and Body are those of a success.
	ContentType string
	Body        []byte
}

// Object is an object, or a version of one.
type Object struct {
	Bucket, Key string
	// Version is the version's id; empty for the current one.
	Version string
}

// ObjectTags is the family of condition keys that are the tags of an object, as
// authz.Context has it.
const ObjectTags = "s3:existingobjecttag/"

// RequestTags is the family of condition keys that are the tags that a request
// gives an object, and the list of their keys, as authz.Context has it. A copy
// has them from its source.
const RequestTags = "s3:requestobjecttag"

// ResponseLimit bounds, in bytes, an upstream's answer that is rewritten.
const ResponseLimit = 8 << 20

// PerItem is an operation that the protocol answers item by item, such as
// DeleteObjects: items that are denied are taken out of the request and put
// into the answer.
type PerItem interface {
	// Items is the number of items.
	Items() int
	// Item tells which item access i of Mapped.Accesses belongs to.
	Item(i int) int
	// Request is the request body that holds only the items kept.
	Request(keep func(item int) bool) []byte
	// Response is the answer for the client: the upstream's (nil if nothing
	// was kept and nothing was sent), and the refusals by item (nil where the
	// item was kept).
	Response(upstream []byte, refused []*wire.Refusal) ([]byte, error)
}
