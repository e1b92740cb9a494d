//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func badInput() {
	DescribeTable("is refused by the API server, which names the field",
		func(ctx SpecContext, spoil func(*v1alpha1.Tenant), field string) {
			t := newTenant("spoiled")
			spoil(t)
			Expect(k.Create(ctx, t)).To(MatchError(ContainSubstring(field)))
		},
		Entry("an unknown tier", func(t *v1alpha1.Tenant) { t.Spec.Tier = "Gold" }, "spec.tier: "),
		Entry("no tier", func(t *v1alpha1.Tenant) { t.Spec.Tier = "" }, "spec.tier: "),
		Entry("too long a name", func(t *v1alpha1.Tenant) { t.Name = ours + "-" + strings.Repeat("x", 37) }, "metadata.name: "),
		Entry("a name that begins with a digit", func(t *v1alpha1.Tenant) { t.Name = "1-" + ours }, "metadata.name: "),
		Entry("an adoptID that is no id", func(t *v1alpha1.Tenant) { t.Spec.AdoptID = "acme" }, "spec.adoptID: "),
	)

	It("an unknown plan is named, and makes nothing until there is one", func(ctx SpecContext) {
		t := newTenant("unknown-plan")
		t.Spec.PlanRef.Name = ours + "-late"
		Expect(k.Create(ctx, t)).To(Succeed())
		become(ctx, t.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonPlanNotFound)
		Expect(bound(ctx, t.Name)).To(BeEmpty())

		late := plan(t.Spec.PlanRef.Name)
		Expect(k.Create(ctx, late)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(k.Delete(ctx, late)).To(Succeed()) })
		ready(ctx, t.Name)
	}, SpecTimeout(time.Minute))

	It("no room is said, and taken when there is some", func(ctx SpecContext) {
		accept(ctx, false)
		DeferCleanup(accept, true)
		t := newTenant("no-room")
		Expect(k.Create(ctx, t)).To(Succeed())
		become(ctx, t.Name, v1alpha1.ConditionPlaced, metav1.ConditionFalse, v1alpha1.ReasonNoCapacity)
		Expect(bound(ctx, t.Name)).To(BeEmpty())
		accept(ctx, true)
		ready(ctx, t.Name)
	}, SpecTimeout(time.Minute))

	It("a namespace that exists is left alone", func(ctx SpecContext) {
		c := &v1alpha1.Cell{
			ObjectMeta: metav1.ObjectMeta{Name: ours + "-foreign"},
			Spec:       v1alpha1.CellSpec{Capacity: 1, Runtime: &v1alpha1.RuntimeSize{Replicas: 1}},
		}
		namespace := makeNamespace(ctx, desired.RuntimeNamespace(c.Name))
		Expect(k.Create(ctx, c)).To(Succeed())
		Eventually(cell).WithContext(ctx).WithArguments(c.Name).
			Should(haveCondition(v1alpha1.ConditionNamespacesReady, metav1.ConditionFalse, v1alpha1.ReasonForeignNamespace))
		Expect(k.Delete(ctx, c)).To(Succeed())
		gone(ctx, c)

		var after corev1.Namespace
		Expect(k.Get(ctx, client.ObjectKeyFromObject(namespace), &after)).To(Succeed())
		Expect(after.DeletionTimestamp).To(BeNil())
		Expect(after.Labels).To(Equal(namespace.Labels))
	}, SpecTimeout(time.Minute))

	It("a request is refused with what is wrong with it", func(ctx SpecContext) {
		t, other := provision(ctx, "requests"), provision(ctx, "requests-other")
		url := serviceOf(ours)
		mine, theirs := api{url, apiKey(ctx, t)}, api{url, apiKey(ctx, other)}
		stranger, _ := binding.NewKey(uuid.New(), "k1")
		forged, _ := binding.NewKey(uuid.MustParse(t.Status.ID), "k1")
		id := theirs.put(ctx, "plan.md", "# The plan\n\nThe secret ingredient is cardamom.\n")
		const document = "/v1/documents/mine.md"

		for _, c := range []struct {
			what                      string
			as                        api
			method, path, media, body string
			status                    int
			code                      string
		}{
			{"a document over the limit", mine, "PUT", document, "text/plain", strings.Repeat("x", 64<<10+1), http.StatusRequestEntityTooLarge, "document_too_large"},
			{"invalid UTF-8", mine, "PUT", document, "text/plain", "caf\xe9", http.StatusBadRequest, "invalid_utf8"},
			{"an unknown media type", mine, "PUT", document, "image/png", "PNG", http.StatusUnsupportedMediaType, "unsupported_media_type"},
			{"a file that is not what it says", mine, "PUT", document, "application/pdf", "%PDF", http.StatusUnprocessableEntity, "document_malformed"},
			{"no key", api{url, ""}, "GET", document, "", "", http.StatusUnauthorized, "invalid_api_key"},
			{"a key of no tenant", api{url, stranger}, "GET", document, "", "", http.StatusUnauthorized, "invalid_api_key"},
			{"a key that names the tenant and is not its", api{url, forged}, "GET", document, "", "", http.StatusUnauthorized, "invalid_api_key"},
			{"another tenant's document", mine, "GET", "/v1/documents/" + id, "", "", http.StatusNotFound, "document_not_found"},
			{"another tenant's content", mine, "GET", "/v1/documents/" + id + "/content", "", "", http.StatusNotFound, "document_not_found"},
			{"another tenant's document to delete", mine, "DELETE", "/v1/documents/" + id, "", "", http.StatusNotFound, "document_not_found"},
		} {
			By(c.what)
			got := c.as.call(ctx, c.method, c.path, c.media, c.body)
			Expect(got.Status).To(Equal(c.status), got.Body)
			Expect(got.Body).To(ContainSubstring(`"code":"` + c.code + `"`))
		}
		Expect(mine.list(ctx).Body).To(ContainSubstring(`"data":[]`), "a refused upload is not there")
		theirs.expectCited(ctx, theirs.ask(ctx, "What is the secret ingredient?"), "cardamom")
	}, SpecTimeout(time.Minute))
}

// accept opens or closes our cell for new tenants.
func accept(ctx SpecContext, accepting bool) {
	GinkgoHelper()
	c, err := cell(ctx, ours)
	Expect(err).NotTo(HaveOccurred())
	before := c.DeepCopy()
	c.Spec.Accepting = ptr.To(accepting)
	Expect(k.Patch(ctx, c, client.MergeFrom(before))).To(Succeed())
}
