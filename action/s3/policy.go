package s3

import (
	"strconv"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/wire"
)

// bucketPolicy answers for the policy of a bucket: it is the one that is
// enforced here, which a store knows nothing of, and is changed where it is kept.
func bucketPolicy(r *request, place *action.Place, account string) *action.Answer {
	if place.Policy == nil {
		return &action.Answer{Refusal: notImplemented("Policies of buckets are not told here.", "ParameterName", "policy")}
	}
	if r.row.method != get {
		return &action.Answer{Refusal: refusal(405, "MethodNotAllowed",
			"The policies of buckets are part of the policy bundle and are changed there: accounts/"+account+"/resources/s3/"+r.bucket+".json.",
			wire.Element{Name: "Method", Value: r.row.method}, wire.Element{Name: "ResourceType", Value: "BUCKETPOLICY"})}
	}
	text, public, ok := place.Policy(r.bucket)
	switch {
	case !ok:
		return &action.Answer{Refusal: refusal(404, "NoSuchBucketPolicy", "The bucket policy does not exist", wire.Element{Name: "BucketName", Value: r.bucket})}
	case r.row.selector == pPolicy:
		return &action.Answer{ContentType: "application/json", Body: []byte(text)}
	}
	const head, tail = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<PolicyStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsPublic>`, "</IsPublic></PolicyStatus>"
	return &action.Answer{ContentType: "application/xml", Body: []byte(head + strconv.FormatBool(public) + tail)}
}
