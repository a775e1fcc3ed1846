package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	assertionSpace = "urn:oasis:names:tc:SAML:2.0:assertion"
	protocolSpace  = "urn:oasis:names:tc:SAML:2.0:protocol"
	signatureSpace = "http://www.w3.org/2000/09/xmldsig#"
)

// seen is what look finds in a document, before anything in it is trusted.
type seen struct {
	root xml.Name
	// elements is how many there are of any kind.
	elements int
	// counts are how often elements of SAML's assertions occur, anywhere.
	counts map[string]int
	// signatures are those anywhere, references what they say that they cover.
	signatures, references int
	// recipient is that of the last SubjectConfirmationData.
	recipient string
}

// look refuses documents that readers of XML understand in different ways, and
// tells what is in the others. Comments are refused in responses, where one within
// a name could split it.
func look(text []byte, comments bool) (*seen, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	s := &seen{counts: map[string]int{}}
	depth, roots := 0, 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.New("it is not well-formed XML in UTF-8, without entities of its own")
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("it has a document type, which is not accepted")
		case xml.ProcInst:
			if t.Target != "xml" || roots > 0 {
				return nil, errors.New("it has a processing instruction, which is not accepted")
			}
		case xml.Comment:
			if !comments {
				return nil, errors.New("it has a comment, which is not accepted")
			}
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
			}
			if depth == 1 {
				s.root = t.Name
				roots++
			}
			if len(t.Attr) > maxPieces {
				return nil, fmt.Errorf("an element has more than %d attributes", maxPieces)
			}
			s.element(t)
		case xml.EndElement:
			depth--
		}
	}
	if roots != 1 {
		return nil, errors.New("it is no XML document with one element")
	}
	return s, nil
}

func (s *seen) element(t xml.StartElement) {
	s.elements++
	if t.Name.Space == signatureSpace {
		switch t.Name.Local {
		case "Signature":
			s.signatures++
		case "Reference":
			s.references++
		}
	}
	if t.Name.Space != assertionSpace {
		return
	}
	s.counts[t.Name.Local]++
	if t.Name.Local != "SubjectConfirmationData" {
		return
	}
	for _, a := range t.Attr {
		if a.Name.Space == "" && a.Name.Local == "Recipient" {
			s.recipient = a.Value
		}
	}
}

// check tells whether the document is a response with one assertion in the clear.
func (s *seen) check() error {
	if s.root.Space != protocolSpace || s.root.Local != "Response" {
		return fmt.Errorf("it is %s, not the Response of SAML 2.0", name(s.root.Local))
	}
	if s.elements > maxElements {
		return fmt.Errorf("it has %d elements: %d are the most", s.elements, maxElements)
	}
	for _, encrypted := range []string{"EncryptedAssertion", "EncryptedID", "EncryptedAttribute"} {
		if s.counts[encrypted] > 0 {
			return fmt.Errorf("it is encrypted (%s), which is not supported: let the provider sign alone", encrypted)
		}
	}
	if n := s.counts["Assertion"]; n != 1 {
		return fmt.Errorf("it has %d assertions, not one", n)
	}
	// One of the response, one of the assertion; each costs what it covers.
	if s.signatures > 2 || s.references > s.signatures {
		return fmt.Errorf("it has %d signatures with %d references: one of the response and one of the assertion, each with one, are the most", s.signatures, s.references)
	}
	if n := s.counts["SubjectConfirmation"]; n != 1 || s.counts["SubjectConfirmationData"] != 1 {
		return fmt.Errorf("it has %d SubjectConfirmation with data, not one", n)
	}
	return nil
}
