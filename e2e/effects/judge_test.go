//go:build linux

package effects_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// writes are the actions by which an object's content becomes another, or goes.
var writes = []string{"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}

// ofObjects are the actions by which what the store keeps beside an object's
// content becomes another; of what is not here any that writes will do.
var ofObjects = map[string][]string{
	"X-Amz-Tagging":     {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"},
	"object-retention":  {"s3:PutObjectRetention"},
	"object-legal-hold": {"s3:PutObjectLegalHold"},
}

// without are the actions that take the same away, besides those that write the
// object anew.
var without = map[string][]string{
	"X-Amz-Tagging":     {"s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"},
	"object-retention":  {"s3:PutObjectRetention"},
	"object-legal-hold": {"s3:PutObjectLegalHold"},
}

// ofBuckets is the same for buckets.
var ofBuckets = map[string][]string{
	"X-Amz-Tagging": {"s3:PutBucketTagging", "s3:TagResource"},
	"acl":           {"s3:PutBucketAcl"},
	"versioning":    {"s3:PutBucketVersioning"},
	"bucket-lock":   {"s3:PutBucketObjectLockConfiguration"},
	"cors":          {"s3:PutBucketCORS"},
	"ownership":     {"s3:PutBucketOwnershipControls"},
	"policy":        nil, // is the bundle's
	"website":       {"s3:PutBucketWebsite", "s3:DeleteBucketWebsite"},
}

// allowed tells whether the record allows one of the actions on a bucket, or on
// a key of it that fits.
func (r *record) allowed(actions []string, bucket string, fits func(key string) bool) bool {
	if r == nil {
		return false
	}
	for _, a := range r.Accesses {
		if a.Decision != "allow" || !slices.Contains(actions, a.Action) {
			continue
		}
		of, key, _ := strings.Cut(strings.TrimPrefix(a.Resource, "arn:aws:s3:::"), "/")
		if of == bucket && fits(key) {
			return true
		}
	}
	return false
}

// writing tells whether an action changes anything.
func writing(r *record) []string {
	var actions []string
	if r == nil {
		return nil
	}
	for _, a := range r.Accesses {
		name := strings.TrimPrefix(a.Action, "s3:")
		if !strings.HasPrefix(name, "Get") && !strings.HasPrefix(name, "List") {
			actions = append(actions, a.Action)
		}
	}
	return actions
}

func is(wanted string) func(string) bool { return func(key string) bool { return key == wanted } }

// judge tells what the store did, or an answer told, that no access of the record
// covers.
func (l *lab) judge(r *record, effects []effect, sent *request, response *http.Response, answer string) []string {
	var wrong []string
	blame := func(what string, args ...any) { wrong = append(wrong, fmt.Sprintf(what, args...)) }
	for i := range effects {
		e := &effects[i]
		folder := e.after != nil && e.after.folder || e.after == nil && e.before.folder
		p := placeOf(e.path, folder)
		fits := is(p.key)
		if p.hashed != "" {
			fits = func(key string) bool { return key != "" && hashOf(key) == p.hashed }
		}
		switch {
		case p.scratch:
		case p.key == "" && p.hashed == "":
			l.judgeBucket(r, e, p, blame)
		case folder && !p.part && len(e.attributes) == 0:
			// It is there for what is below it.
			below := func(key string) bool { return strings.HasPrefix(key, p.key) }
			if !r.allowed(writes, p.bucket, below) && !r.allowed([]string{"s3:DeleteBucket"}, p.bucket, is("")) {
				blame("%s, and nothing below it may be written", e)
			}
		default:
			judgeObject(r, e, p, fits, blame)
			l.judgeCopies(r, e, p, fits, blame)
		}
	}
	l.judgeAnswer(r, sent, response, answer, blame)
	return wrong
}

func (l *lab) judgeBucket(r *record, e *effect, p place, blame func(string, ...any)) {
	may := func(actions ...string) bool { return r.allowed(actions, p.bucket, is("")) }
	switch {
	case e.after == nil:
		if !may("s3:DeleteBucket") {
			blame("%s, and nobody may delete it", e)
		}
		return
	case e.before == nil && !may("s3:CreateBucket"):
		blame("%s, and nobody may create it", e)
	}
	for _, name := range e.attributes {
		actions, known := ofBuckets[name]
		switch {
		case e.before == nil && (name == "acl" || name == "ownership"): // every bucket has them
		case known && !may(actions...), !known && !may(writing(r)...):
			blame("%s: nobody may write %s", e, name)
		}
	}
}

func judgeObject(r *record, e *effect, p place, fits func(string) bool, blame func(string, ...any)) {
	may := func(actions []string) bool { return r.allowed(actions, p.bucket, fits) }
	gone := []string{"s3:DeleteObject", "s3:DeleteObjectVersion"}
	if e.before == nil || e.after == nil || e.before.content != e.after.content {
		actions := writes
		if p.part && e.after == nil {
			actions = append([]string{"s3:AbortMultipartUpload"}, writes...)
		}
		if !may(actions) {
			blame("%s, and nobody may write it", e)
		}
	}
	for _, name := range e.attributes {
		actions, known := ofObjects[name]
		switch {
		case e.after == nil: // is gone with it
		case !known && !may(writing(r)):
			blame("%s: nobody may write %s", e, name)
		case !known:
		case e.after.attributes[name] == "" && !may(without[name]) && !may(writes):
			blame("%s: nobody may take %s away", e, name)
		case e.after.attributes[name] != "" && !may(actions) && !may(gone) && !archived(e, p):
			blame("%s: nobody may write %s", e, name)
		}
	}
}

// archived tells of what is new among the versions: it is what was there before,
// with all that it had.
func archived(e *effect, p place) bool { return p.hashed != "" && !p.part && e.before == nil }

// judgeCopies looks for what another object has in what was written.
func (l *lab) judgeCopies(r *record, e *effect, p place, fits func(string) bool, blame func(string, ...any)) {
	if e.after == nil {
		return
	}
	now := e.after.content + values(e.after.attributes)
	was := ""
	if e.before != nil {
		was = e.before.content + values(e.before.attributes)
	}
	for i := range l.objects {
		o := &l.objects[i]
		if o.bucket == p.bucket && fits(o.key) {
			continue // versions of it come and go
		}
		has := func(mark string) bool { return strings.Contains(now, mark) && !strings.Contains(was, mark) }
		if (has(o.content) || has(o.meta)) && !r.reads(o) {
			blame("%s: it has what %s/%s has, which nobody may read", e, o.bucket, o.key)
		}
		if has(o.tag) && !r.allowed([]string{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"}, o.bucket, is(o.key)) {
			blame("%s: it has the tags of %s/%s, which nobody may read", e, o.bucket, o.key)
		}
	}
	for _, u := range l.uploads {
		if strings.Contains(now, u.content) && !strings.Contains(was, u.content) && (u.bucket != p.bucket || !fits(u.key)) {
			blame("%s: it has what was uploaded as %s/%s", e, u.bucket, u.key)
		}
	}
}

func values(attributes map[string]string) string {
	var b strings.Builder
	for _, v := range attributes {
		b.WriteString(v + "\n")
	}
	return b.String()
}

// reads tells whether the record allows to read an object.
func (r *record) reads(o *stored) bool {
	actions := []string{"s3:GetObject", "s3:GetObjectVersion"}
	if !o.current {
		actions = actions[1:]
	}
	return r.allowed(actions, o.bucket, is(o.key))
}

// judgeAnswer looks for what objects have in an answer.
func (l *lab) judgeAnswer(r *record, sent *request, response *http.Response, answer string, blame func(string, ...any)) {
	if response == nil {
		return
	}
	var b strings.Builder
	_ = response.Header.Write(&b)
	told := b.String() + answer
	for i := range l.objects {
		o := &l.objects[i]
		if (strings.Contains(told, o.content) || strings.Contains(told, o.meta)) && !r.reads(o) {
			blame("the answer tells what %s/%s (version %s) has, which nobody may read", o.bucket, o.key, o.version)
		}
		if strings.Contains(told, o.tag) && !r.allowed([]string{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"}, o.bucket, is(o.key)) {
			blame("the answer tells the tags of %s/%s, which nobody may read", o.bucket, o.key)
		}
		lists := []string{"s3:ListBucket", "s3:ListBucketVersions"}
		if strings.HasPrefix(o.key, unnamed) && strings.Contains(told, o.key) && !r.allowed(lists, o.bucket, is("")) {
			blame("the answer tells keys of %s, which nobody may list", o.bucket)
		}
	}
	for _, u := range l.uploads {
		if strings.Contains(told, u.id) && !strings.Contains(sent.String(), u.id) && !r.allowed([]string{"s3:ListBucketMultipartUploads"}, u.bucket, is("")) {
			blame("the answer tells an upload of %s/%s, which nobody may list", u.bucket, u.key)
		}
	}
}
