package s3

import (
	"strconv"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// mapping is a mapping in the making. It is a part of its request.
type mapping struct {
	view     view
	accesses []authz.Access
	one      [1]authz.Access // room for most

	// addressed is the bucket or object that the request is sent to.
	addressed  resource
	disclosure authz.Access

	// rooms are those of the first access and of the disclosure.
	rooms [2]authz.Room

	mapper    *Mapper
	objects   []action.Object // by access; nil if nobody reads tags
	oneObject [1]action.Object
	tagsOf    *action.Object // whose tags a copy takes along, if they are read
}

// resource is a bucket, or an object if it has a key.
type resource struct {
	arn, bucket, key string
	account          string // that owns it
}

func resourceOf(partition, bucket, key, account string) resource {
	if key == "" {
		return resource{"arn:" + partition + ":s3:::" + bucket, bucket, "", account}
	}
	return resource{"arn:" + partition + ":s3:::" + bucket + "/" + key, bucket, key, account}
}

// bucketOf is the bucket that a resource is, or is in.
func (r *resource) bucketOf() resource {
	return resource{r.arn[:len(r.arn)-len(r.key)-min(len(r.key), 1)], r.bucket, "", r.account}
}

// Map tells the accesses of an operation.
func (m *Mapper) Map(req *wire.Request, op *action.Operation, place action.Place, body []byte) (action.Mapped, *wire.Refusal) {
	var nothing action.Mapped
	r, ok := op.Mapper.(*request)
	if !ok || r.row.body == action.BodyForm {
		return nothing, &wire.Refusal{Status: 500, Code: "InternalError", Message: "We encountered an internal error. Please try again.",
			Cause: "the operation was not recognised by this mapper, or is a form in place of the request that it stands for"}
	}
	if place.Caller == "" && r.overridesAnswer() {
		return nothing, refusal(400, "InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.")
	}
	if place.Partition == "" {
		place.Partition = "aws"
	}
	b := &r.mapping
	if r.mapped {
		b = new(mapping)
	}
	r.mapped, b.mapper, b.accesses = true, m, b.one[:0]
	if m.objectTags {
		b.objects = b.oneObject[:0]
	}
	b.view = view{request: r, content: &noContent, partition: place.Partition, region: place.Region, account: place.Caller, now: place.Now}
	if r.row.level == serviceLevel {
		return b.listBuckets(place), nil
	}
	account, refusal := ownerOf(&place, r.bucket, r.header(hExpectedBucketOwner))
	if refusal != nil {
		return nothing, refusal
	}
	if r.row.traits&owns != 0 && account != place.Caller {
		return nothing, accessDenied("the name " + strconv.Quote(r.bucket) + " belongs to account " + account + ", not to the caller's")
	}
	if refusal := b.read(r, body); refusal != nil {
		return nothing, refusal
	}
	b.addressed = resourceOf(place.Partition, r.bucket, r.key, account)
	if r.row.reads == bodyDelete {
		return m.deleteObjects(b)
	}
	b.addAddressed(r)
	if r.row.traits&(copies|renames) != 0 {
		if refusal := m.fromSource(b, &place); refusal != nil {
			return nothing, refusal
		}
	} else if r.row.traits&hides != 0 || b.view.hasIfMatch {
		b.disclose(b.addressed.bucketOf())
	}
	mapped := b.mapped()
	if r.row.traits&enforced != 0 {
		mapped.Answer = bucketPolicy(r, &place, account)
	}
	if r.row.traits&locates != 0 {
		location := req.Scheme + "://" + req.Host + req.Path
		mapped.Response = func(body []byte) ([]byte, error) { return RelocateUpload(body, location) }
	}
	return mapped, nil
}

// mapped is the mapping as far as all operations have it alike.
func (b *mapping) mapped() action.Mapped {
	mapped := action.Mapped{Accesses: b.accesses, Objects: b.objects}
	if b.tagsOf != nil {
		mapped.TagsOf, mapped.IfTagged = b.tagsOf, 2
	}
	if b.disclosure.Action != "" {
		mapped.Disclosure = &b.disclosure
	}
	return mapped
}

// overridesAnswer tells whether parameters ask for other fields in the answer.
// Only who signs the request may: a link could otherwise show what others stored
// as a page of the store's own site.
func (r *request) overridesAnswer() bool {
	for _, p := range overriding {
		if r.hasParam(p) {
			return true
		}
	}
	return false
}

// noContent is that of a request without any.
var noContent content

// read takes from headers and body what the condition keys need.
func (b *mapping) read(r *request, body []byte) *wire.Refusal {
	b.view.hasIfMatch = r.row.effects&effectIfMatch != 0 && r.hasHeader(hIfMatch)
	b.view.ifMatch = r.header(hIfMatch)
	if r.row.body != action.BodyDecides && !(r.active && r.hasAny(contentHeaders)) {
		return nil
	}
	c := &content{}
	b.view.content = c
	if r.row.body == action.BodyDecides {
		if refusal := readBody(r.row.reads, body, r.row.traits&maybeEmpty != 0, c); refusal != nil {
			return refusal
		}
	}
	if r.row.reads == bodyACL && len(body) > 0 && r.hasAny(aclHeaders) {
		return refusal(400, "UnexpectedContent", "This request does not support content")
	}
	if r.row.reads == bodyACL && len(body) > 0 && !b.mapper.forwardACLs {
		return refuseACL()
	}
	if r.hasHeader(hTagging) {
		var refusal *wire.Refusal
		if c.tags, refusal = parseTagging(r.header(hTagging)); refusal != nil {
			return refusal
		}
	}
	if r.hasHeader(hLegalHold) {
		if c.legalHold = r.header(hLegalHold); !isOnOff(c.legalHold) {
			return invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", headers[hLegalHold], c.legalHold)
		}
	}
	if r.hasAny(lockHeaders) {
		c.lock.mode, c.lock.until, c.lock.eventHold = r.header(hLockMode), r.header(hLockRetainUntil), r.header(hEventHold)
		if refusal := c.lock.check(r.hasHeader(hLockMode), r.hasHeader(hLockRetainUntil), r.hasHeader(hEventHold),
			r.hasHeader(hEventHoldDays), r.hasHeader(hEventHoldYears), r.header(hEventHoldDays), r.header(hEventHoldYears)); refusal != nil {
			return refusal
		}
	}
	return nil
}

// addAddressed adds the accesses to the addressed bucket or object.
func (b *mapping) addAddressed(r *request) {
	b.view.version = r.param(pVersionID)
	names := r.row.actions
	if b.view.version != "" && r.row.version != nil {
		names = r.row.version
	}
	for _, a := range names {
		b.add(a, &b.addressed)
	}
	if r.active {
		b.addEffects(r, &b.addressed)
	}
	if len(b.view.content.bucketTags) > 0 {
		b.add(tagResource, &b.addressed)
	}
	b.passRole()
}

// addEffects adds the further actions that headers ask for.
func (b *mapping) addEffects(r *request, to *resource) {
	for i := range r.row.extras {
		e := &r.row.extras[i]
		if !r.hasAny(e.headers) || e.applies != nil && !e.applies(r) {
			continue
		}
		names := e.actions
		if b.view.version != "" && e.version != nil {
			names = e.version
		}
		for _, a := range names {
			b.add(a, to)
		}
	}
}

// add adds an access with its condition keys.
func (b *mapping) add(a *compiledAction, to *resource) {
	b.accesses = append(b.accesses, authz.Access{Action: a.name, Resource: to.arn, Account: to.account})
	keys := &b.accesses[len(b.accesses)-1].Keys
	if len(b.accesses) == 1 {
		keys.Use(&b.rooms[0])
	} else {
		keys.Grow(2 + min(len(a.keys), 3))
	}
	setAccount(keys, to.account)
	for _, k := range a.keys {
		k.fill(keys, &b.view)
	}
	if b.objects != nil {
		if a.objectTags {
			keys.SetUnread(action.ObjectTags)
		}
		b.objects = append(b.objects, action.Object{Bucket: to.bucket, Key: to.key, Version: b.view.version})
	}
}

// disclose demands s3:ListBucket of who may learn that an object is missing.
// The access stands for no listing, so it has none of a listing's keys.
func (b *mapping) disclose(bucket resource) {
	b.disclosure = authz.Access{Action: listBucket.name, Resource: bucket.arn, Account: bucket.account}
	b.disclosure.Keys.Use(&b.rooms[1])
	setAccount(&b.disclosure.Keys, bucket.account)
}

// The keys that every access has.
var (
	s3ResourceAccount  = authz.NewName("s3:resourceaccount")
	awsResourceAccount = authz.NewName("aws:resourceaccount")
)

func setAccount(c *authz.Context, account string) {
	c.SetName(s3ResourceAccount, account)
	c.SetName(awsResourceAccount, account)
}

// listBuckets maps ListBuckets. Every account has its own list, and whose
// buckets the store's list holds is not the store's to say.
func (b *mapping) listBuckets(place action.Place) action.Mapped {
	b.add(b.view.row.actions[0], &resource{arn: "arn:" + place.Partition + ":s3:::*", account: place.Caller})
	keep := func(name string) bool {
		account, refusal := ownerOf(&place, name, "")
		return refusal == nil && account == place.Caller
	}
	mapped := b.mapped()
	mapped.Response, mapped.Withholds = func(body []byte) ([]byte, error) { return FilterBuckets(body, keep) }, true
	return mapped
}

// ownerOf is the account that owns a bucket. It is refused if no rule tells,
// if the route's guard is another, or if the client expects another.
func ownerOf(place *action.Place, bucket, expected string) (string, *wire.Refusal) {
	account, ok := "", false
	if place.Owner != nil {
		account, ok = place.Owner(place.Route, bucket)
	}
	switch {
	case !ok || account == "":
		return "", accessDenied("no rule gives the bucket " + strconv.Quote(bucket) + " an owner on the route " + strconv.Quote(place.Route))
	case place.Account != "" && place.Account != account:
		return "", accessDenied("the bucket " + strconv.Quote(bucket) + " belongs to account " + account + ", and the route " + strconv.Quote(place.Route) + " is for " + place.Account)
	case expected != "" && expected != account:
		return "", accessDenied("the bucket " + strconv.Quote(bucket) + " belongs to account " + account + ", and the client expects " + expected)
	}
	return account, nil
}
