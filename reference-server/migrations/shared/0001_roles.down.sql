-- Roles stay: they belong to the cluster, and another database may use them.
drop function acd.touch_updated_at();
drop function acd.uuid_v7();
drop function acd.uuid_v7_time(uuid);
drop function acd.uuid_v7_floor(timestamptz);
drop function acd.product();
revoke usage on schema acd, public, auth from acd_product, acd_user, acd_service, acd_admin;
drop schema shared;
