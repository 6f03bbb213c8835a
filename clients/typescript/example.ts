// One operation of each method, as a partner's system calls them. `npm run generate` makes ./schema from the document.
// openapi-fetch alone takes bodies and queries with more fields than the API knows: `satisfies` makes them an error here.
import createClient, { type Client } from "openapi-fetch";
import type { components, operations, paths } from "./schema";

type Models = components["schemas"];
type Query<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;

/** A refusal of the API: its code is stable, its detail is advice in Chinese and English. */
export class Refused extends Error {
  constructor(readonly problem: Models["ProblemDocument"]) {
    super(`${problem.code}: ${problem.detail} (request ${problem.request_id})`);
  }
}

/** Sign a machine in. The token is good for `expires_in` seconds; ask again before it ends. */
export async function signIn(baseUrl: string, credentials: Models["MachineCredentials"]): Promise<Client<paths>> {
  const client = createClient<paths>({ baseUrl });
  const { data, error } = await client.POST("/api/dealers/machines/token", { body: credentials });
  if (error) throw new Refused(error);
  client.use({
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${data.id_token}`);
    },
  });
  return client;
}

/** Return the first products that the text finds, with the dealer's own prices. */
export async function findProducts(client: Client<paths>, text: string): Promise<Models["ProductView"][]> {
  const query = { text, limit: 10 } satisfies Query<"catalog_list_products">;
  const { data, error } = await client.GET("/api/catalog/products", { params: { query } });
  if (error) throw new Refused(error);
  return data.products;
}

/** Submit an order. The same key sends the same order again without a second one: keep it until an answer came. */
export async function submitOrder(client: Client<paths>, key: string, sku: string): Promise<Models["OrderConfirmation"]> {
  const { data, error } = await client.POST("/api/orders/orders", {
    params: { header: { "Idempotency-Key": key } },
    body: { lines: [{ sku, quantity: 100 }], shortage_policy: "ship_available" } satisfies Models["SubmitOrder"],
  });
  if (error) throw new Refused(error);
  return data;
}

/** Make an address the default one; `version` is that of the addresses that were read before. */
export async function setDefaultAddress(
  client: Client<paths>,
  dealer_id: string,
  address_id: string,
  version: number,
): Promise<Models["AddressBook"]> {
  const { data, error } = await client.PUT("/api/dealers/dealers/{dealer_id}/addresses/{address_id}/default", {
    params: { path: { dealer_id, address_id } },
    body: { version } satisfies Models["SetDefaultAddress"],
  });
  if (error) throw new Refused(error);
  return data;
}

/** Delete a webhook endpoint. Others than administrators are refused with `not-allowed`. */
export async function deleteEndpoint(client: Client<paths>, endpoint_id: string): Promise<string> {
  const { data, error } = await client.DELETE("/api/notifications/webhook-endpoints/{endpoint_id}", {
    params: { path: { endpoint_id } },
  });
  if (error) throw new Refused(error);
  return data.endpoint_id;
}
