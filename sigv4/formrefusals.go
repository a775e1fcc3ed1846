package sigv4

import (
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// The refusals of forms and of their policies.

func errNotMultipart() *wire.Refusal {
	return refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
		element("Condition", "Bucket POST must be of the enclosure-type multipart/form-data"))
}

// errMalformedForm says after Amazon S3's sentence what is wrong.
func errMalformedForm(fault string) *wire.Refusal {
	return refuse(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data. "+fault)
}

func errFormEnd() *wire.Refusal {
	return errMalformedForm("It must end with its closing boundary and one CRLF.")
}

func errFormData() *wire.Refusal {
	return refuse(400, "MaxPostPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large.",
		element("MaxPostPreDataLengthBytes", strconv.Itoa(maxFormData)))
}

func errFileCount() *wire.Refusal {
	return refuse(400, "IncorrectNumberOfFilesInPostRequest", "POST requires exactly one file upload per request.")
}

// errFormField is for a field that is not there before the file.
func errFormField(name string) *wire.Refusal {
	return refuse(400, "InvalidArgument", "Bucket POST must contain a field named '"+name+
		"'.  If it is specified, please check the order of the fields.",
		element("ArgumentName", name), element("ArgumentValue", ""))
}

func errForeignField(name string) *wire.Refusal {
	return refuse(400, "InvalidArgument", "A form cannot hold the field "+name+".", element("ArgumentName", name))
}

func errFormHeader(name string) *wire.Refusal {
	return refuse(400, "InvalidRequest", "Conflicting values provided in HTTP headers and POST form fields. "+
		"Send "+name+" as a field of the form, or not at all.")
}

func errFormQuery() *wire.Refusal {
	return refuse(400, "InvalidArgument", "A form is sent to the bucket alone, without query parameters.")
}

func errFormBucket() *wire.Refusal {
	return refuse(403, "AccessDenied", "Invalid according to Policy: the field bucket is not the bucket that the form was sent to.")
}

func errFormAlgorithm(value string) *wire.Refusal {
	return refuse(400, "InvalidArgument", `X-Amz-Algorithm of a form only supports "AWS4-HMAC-SHA256"`,
		element("ArgumentName", "X-Amz-Algorithm"), element("ArgumentValue", value))
}

func errFormDate(value string) *wire.Refusal {
	return refuse(400, "InvalidArgument", "X-Amz-Date must be formated via ISO8601 Long format",
		element("ArgumentName", "X-Amz-Date"), element("ArgumentValue", value))
}

func errTooSmall(size, least int64) *wire.Refusal {
	return refuse(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
		element("ProposedSize", strconv.FormatInt(size, 10)), element("MinSizeAllowed", strconv.FormatInt(least, 10)))
}

// errPolicyDocument is for a policy that is none.
func errPolicyDocument(fault string) *wire.Refusal {
	return refuse(400, "InvalidPolicyDocument", "Invalid Policy: "+fault)
}

func errPolicyExpired() *wire.Refusal {
	return refuse(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
}

// errPolicyCondition shows the condition that does not hold, as an array.
func errPolicyCondition(c *postCondition) *wire.Refusal {
	items := make([]string, len(c.items))
	for i, item := range c.items {
		items[i] = strconv.Quote(item)
	}
	if holdsSecret(lowerASCII(strings.TrimPrefix(c.items[1], "$"))) {
		items[len(items)-1] = `"..."`
	}
	return refuse(403, "AccessDenied", "Invalid according to Policy: Policy Condition failed: ["+strings.Join(items, ", ")+"]")
}

// holdsSecret tells the fields whose values no message repeats.
func holdsSecret(field string) bool {
	return field == "x-amz-security-token" || strings.HasSuffix(field, "-customer-key")
}

func errExtraFields(names []string) *wire.Refusal {
	return refuse(403, "AccessDenied", "Invalid according to Policy: Extra input fields: "+strings.Join(names, ", "))
}
