package s3

import (
	"strconv"

	"github.com/sallyport-iam/sallyport/wire"
)

func refusal(status int, code, message string, detail ...wire.Element) *wire.Refusal {
	return &wire.Refusal{Status: status, Code: code, Message: message, Detail: detail}
}

// invalidArgument is S3's answer to a parameter or header that it cannot take.
func invalidArgument(message, name, value string) *wire.Refusal {
	return refusal(400, "InvalidArgument", message, wire.Element{Name: "ArgumentName", Value: name}, wire.Element{Name: "ArgumentValue", Value: value})
}

func repeated(kind, name string) *wire.Refusal {
	return invalidArgument("The "+kind+" "+name+" is given more than once.", name, "")
}

func notImplemented(message, kind, name string) *wire.Refusal {
	return refusal(501, "NotImplemented", message, wire.Element{Name: kind, Value: name})
}

// unknown refuses a name that may change what the upstream does in a way that
// is not known here.
func unknown(kind, name string) *wire.Refusal {
	element := "Header"
	if kind != "header" {
		element = "ParameterName"
	}
	return notImplemented("The "+kind+" "+name+" is not known and may imply functionality that is not implemented.", element, name)
}

func methodNotAllowed(method, resource, allow string) *wire.Refusal {
	r := refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.",
		wire.Element{Name: "Method", Value: method}, wire.Element{Name: "ResourceType", Value: resource})
	if allow != "" {
		r.Fields.Add("allow", allow)
	}
	return r
}

func invalidURI(cause string) *wire.Refusal {
	return refusal(400, "InvalidURI", "Couldn't parse the specified URI: "+cause+".")
}

func invalidBucketName(name, cause string) *wire.Refusal {
	return refusal(400, "InvalidBucketName", "The specified bucket is not valid: "+cause+".", wire.Element{Name: "BucketName", Value: name})
}

func keyTooLong(size int) *wire.Refusal {
	return refusal(400, "KeyTooLongError", "Your key is too long",
		wire.Element{Name: "Size", Value: strconv.Itoa(size)}, wire.Element{Name: "MaxSizeAllowed", Value: strconv.Itoa(maxKey)})
}

func accessDenied(cause string) *wire.Refusal {
	return &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Access Denied", Cause: cause}
}

// malformedXML is S3's answer to a document that is not of its schema; cause
// says for the log what is wrong.
func malformedXML(cause string) *wire.Refusal {
	return &wire.Refusal{
		Status: 400, Code: "MalformedXML",
		Message: "The XML you provided was not well-formed or did not validate against our published schema",
		Cause:   cause,
	}
}

// refuseACL is S3's answer to ACLs on buckets whose owner is enforced.
func refuseACL() *wire.Refusal {
	r := refusal(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	r.Cause = "ACLs that let others in than the owners are not forwarded to this store"
	return r
}
