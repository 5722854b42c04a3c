// SPDX-License-Identifier: Apache-2.0

package containertest_test

import (
	"fmt"
	"testing"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/container/containertest"
)

type (
	Mailer  interface{ Send(to, text string) }
	Welcome struct{ mailer Mailer }

	smtpMailer struct{}
	fakeMailer struct{ sent []string }
)

func newSMTPMailer() Mailer                { return smtpMailer{} }
func newWelcome(mailer Mailer) *Welcome    { return &Welcome{mailer} }
func (w *Welcome) Greet(name string)       { w.mailer.Send(name, "welcome, "+name) }
func (smtpMailer) Send(string, string)     {}
func (f *fakeMailer) Send(to, text string) { f.sent = append(f.sent, to+": "+text) }
func shopModule() (m container.Module) {
	m.Name = "shop"
	m.Configure = func(app *container.ApplicationContext) {
		app.Register(newSMTPMailer)
		app.Register(newWelcome)
	}
	return m
}

func ExampleNew() {
	// func TestWelcome(t *testing.T) {
	test := func(t testing.TB) {
		mailer := &fakeMailer{}
		app := containertest.New(t, shopModule(),
			containertest.Override(func() Mailer { return mailer }))

		container.Must(container.Get[*Welcome](app)).Greet("Ada")

		fmt.Println(mailer.sent)
	}
	inTest(test)
	// Output: [Ada: welcome, Ada]
}

func ExampleValidate() {
	// func TestTheShopCanBeWired(t *testing.T) {
	test := func(t testing.TB) {
		containertest.Validate(t, shopModule()) // no constructor is called
		fmt.Println("failed:", t.Failed())
	}
	inTest(test)
	// Output: failed: false
}

// inTest runs a test outside of go test's own.
func inTest(test func(testing.TB)) {
	tb := &recordingTB{TB: &testing.T{}}
	newRecordingContext(tb)
	tb.run(test)
}
