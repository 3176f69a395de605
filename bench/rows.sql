-- %(total)s files of the project 1, a second apart, the newest now. The triggers are off and the counts are set.
INSERT INTO picasso_file (id, uploaded_at, name, size, media_type, declared_type, sha256, key, state, facts, owner)
SELECT id, to_timestamp(ms / 1000.0), name, (exp(8 + 3 * spread) * (1 + g %% 7))::bigint, media_type, media_type,
    encode(sha256(g::text::bytea), 'hex'), media_type || '/' || right(id::text, 2) || '/' || id || '/' || name,
    CASE WHEN g < 20 THEN 'pending' WHEN g %% 53 = 0 THEN 'failed' ELSE 'processed' END,
    '{"file": {"extension": "jpg", "charset": null, "detected_by": "signature", "declared_type_matches": true}}',
    CASE WHEN g %% 10 < 3 THEN '' ELSE 'user-' || (hashint8(g) & 2147483647) %% (%(total)s / 50) END
FROM (
    SELECT g, ms, spread, CASE g %% 1000 WHEN 0 THEN 'audio/flac' ELSE kind END AS media_type,
        (lpad(to_hex(ms), 12, '0') || '70008000' || lpad(to_hex(g), 12, '0'))::uuid AS id,
        word || '-' || place || '-' || (hashint8(g * 31) & 1048575) AS name
    FROM (
        SELECT g, (extract(epoch FROM now())::bigint - g) * 1000 AS ms, random() + random() - 0.5 AS spread,
            (ARRAY['image/jpeg', 'image/jpeg', 'image/jpeg', 'image/png', 'application/pdf', 'application/pdf',
                'text/plain', 'video/mp4'])[1 + (hashint8(g * 7) & 7)] AS kind,
            (ARRAY['Holiday', 'invoice', 'IMG', 'scan', 'report', 'contract', 'Screenshot', 'draft', 'photo', 'minutes',
                'letter', 'budget', 'poster', 'logo', 'backup', 'plan'])[1 + (hashint8(g * 3) & 15)] AS word,
            (ARRAY['final', '2024', '2025', 'berlin', 'copy', 'march', 'april', 'team'])[1 + (hashint8(g * 5) & 7)] AS place
        FROM generate_series(1, %(total)s) AS g
    ) AS drawn
) AS named;
DELETE FROM picasso_projectusage;
DELETE FROM picasso_ownerusage;
INSERT INTO picasso_projectusage (project_id, slot, files, trashed, bytes)
    SELECT project_id, 0, count(*), 0, sum(size) FROM picasso_file GROUP BY project_id;
INSERT INTO picasso_ownerusage (project_id, owner, files, trashed, bytes)
    SELECT project_id, owner, count(*), 0, sum(size) FROM picasso_file WHERE owner <> '' GROUP BY project_id, owner;
