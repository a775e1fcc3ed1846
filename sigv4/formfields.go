package sigv4

import (
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

// formCredentials are the fields that only a signed form has, and all of which
// it has, with the names by which Amazon S3 asks for them.
var formCredentials = [...]struct{ field, spelled string }{
	{"x-amz-algorithm", "X-Amz-Algorithm"},
	{"x-amz-credential", "X-Amz-Credential"},
	{"x-amz-date", "X-Amz-Date"},
	{"x-amz-signature", "X-Amz-Signature"},
	{"policy", "policy"},
}

// readField reads the value of a field.
func (f *PostForm) readField(part *formPart) error {
	switch {
	case len(f.all) == maxFormFields:
		return errMalformedForm("It has more than 100 fields.")
	case has(f.all, part.name):
		return errMalformedForm("The field " + part.name + " is there twice.")
	case isForeignField(part.name):
		return errForeignField(part.name)
	}
	value, last, err := f.reader.value()
	switch {
	case err != nil:
		return err
	case last:
		return errFileCount()
	case f.reader.start > maxFormData:
		return errFormData()
	case part.length >= 0 && part.length != int64(len(value)):
		return errMalformedForm("The Content-Length of the part " + part.name + " is not that of its content.")
	case !utf8.ValidString(value):
		return errMalformedForm("The field " + part.name + " is not UTF-8.")
	case !wire.IsFieldValue(value) && part.name != "key" && part.name != "tagging" && !isIgnored(part.name):
		return errMalformedForm("The field " + part.name + " holds control characters.")
	}
	f.all.Add(part.name, value)
	return nil
}

// isForeignField tells the fields that would mean something beside a PUT, or
// in another scheme, but nothing that is known in a form.
func isForeignField(name string) bool {
	switch name {
	case "authorization", "x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-s3session-token",
		"x-amz-region-set", "x-amz-signedheaders", "x-amz-expires":
		return true
	}
	return strings.HasPrefix(name, "x-amz-copy-source")
}

func isIgnored(name string) bool { return strings.HasPrefix(name, "x-ignore-") }

func has(fields wire.Fields, name string) bool {
	_, ok := fields.Lookup(name)
	return ok
}

// readSigned tells a signed form from an anonymous one; what is neither is
// refused.
func (f *PostForm) readSigned() *wire.Refusal {
	v2 := has(f.all, "awsaccesskeyid") || has(f.all, "signature")
	f.signed = has(f.all, "x-amz-security-token")
	missing := ""
	for _, c := range formCredentials {
		switch {
		case !has(f.all, c.field):
			if missing == "" {
				missing = c.spelled
			}
		case v2 && c.field != "policy":
			return errTwoMechanisms()
		default:
			f.signed = true
		}
	}
	switch {
	case v2:
		return errSignatureV2()
	case f.signed && missing != "":
		return errFormField(missing)
	}
	return nil
}

// expand replaces ${filename} in all fields but those that authenticate: before
// the policy is evaluated, as Amazon S3 documents it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
func (f *PostForm) expand(file *formPart) *wire.Refusal {
	const variable = "${filename}"
	f.FileName = file.filename[strings.LastIndexAny(file.filename, `/\`)+1:]
	grown := 0
	for i := range f.all {
		field := &f.all[i]
		n := strings.Count(field.Value, variable)
		if n == 0 || isFormCredential(field.Name) {
			continue
		}
		if !file.hasFilename {
			// The documentation says that it becomes empty; it was seen to stay.
			return errMalformedForm("The field " + field.Name + " holds ${filename}, but the file has no filename.")
		}
		if grown += n * len(f.FileName); grown > maxFormData {
			return errFormData()
		}
		field.Value = strings.ReplaceAll(field.Value, variable, f.FileName)
	}
	return nil
}

func isFormCredential(name string) bool {
	for _, c := range formCredentials {
		if c.field == name {
			return true
		}
	}
	return name == "x-amz-security-token"
}

// settle checks key and bucket and picks the fields to be shown.
func (f *PostForm) settle() error {
	if f.all.Get("key") == "" {
		return errFormField("key")
	}
	if bucket, sent := f.all.Lookup("bucket"); sent && bucket != f.Bucket {
		return errFormBucket()
	}
	for _, field := range f.all {
		if !isFormCredential(field.Name) && field.Name != "bucket" && !isIgnored(field.Name) {
			f.Fields = append(f.Fields, field)
		}
	}
	return nil
}
